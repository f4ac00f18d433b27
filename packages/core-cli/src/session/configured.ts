import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Configuration, type Infrastructure, userDirectories } from '@provisioning/core';
import { type OutputFormat, outputFormats } from '../argv/global-options.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from './surroundings.ts';
import { configurationOf, select } from './workspace.ts';

/**
 * What the configuration says where the command line is silent: `output.format` (01 §5.1), `debug.no_terminal` and
 * `debug.check` (02 §4). A configuration that does not load is no reason to refuse here: the commands that repair it must run.
 */
export async function applyConfiguration(command: ProvisioningCommand): Promise<void> {
  const { undecided } = command;
  if (undecided.light && !(await usersFilesSay(command))) return;
  const configuration = await select(command, 'optional')
    .catch(() => undefined)
    .then((selection) => configurationOf(command, selection))
    .catch(() => undefined);
  if (configuration === undefined) return;
  const format = configuration.get('output.format') as OutputFormat;
  command.show({
    ...(undecided.format && outputFormats.includes(format) ? { format } : {}),
    plain: configuration.get('debug.no_terminal') === true,
  });
  if (undecided.check && configuration.get('debug.check') === true) check(command, configuration);
}

/**
 * `runset.output_format` of a definition is the format of what is said about this infrastructure (05 §3), where the command
 * line, the environment, the user and the configuration of the infrastructure say nothing.
 */
export function applyRunset(
  command: ProvisioningCommand,
  configuration: Configuration,
  { settings }: Pick<Infrastructure, 'settings'>,
): void {
  const format = settings.runset.output_format;
  if (!command.undecided.format || format === 'human') return;
  const configured = configuration.get('output.format') !== undefined;
  const layer = configured ? configuration.provenance('output.format').layer : 'default';
  if (['flag', 'env', 'user', 'infra'].includes(layer)) return;
  command.show({ format, plain: false });
}

/** `debug.check = true` makes every command that changes something a check; `--no-check` lifts it (01 §8.6, 02.A7). */
function check(command: ProvisioningCommand, configuration: Configuration): void {
  command.globals = { ...command.globals, check: true };
  const { file, line, origin } = configuration.provenance('debug.check');
  const place = file === undefined ? (origin ?? 'the configuration') : `${file}:${line ?? 1}`;
  command.out.info(`debug.check is set in ${place}: nothing is changed; --no-check lifts it`);
}

/** Whether the user's own files speak of output: commands that need no workspace look no further. */
async function usersFilesSay({ runtime }: ProvisioningCommand): Promise<boolean> {
  const words = /\b(output|output_format|no_terminal)\b/;
  const folder = userDirectories(surroundingsOf(runtime)).config;
  const files = await readdir(folder).catch(() => []);
  for (const name of files.filter((file) => /\.(toml|ya?ml)$/.test(file))) {
    if (words.test(await readFile(join(folder, name), 'utf8').catch(() => ''))) return true;
  }
  return false;
}
