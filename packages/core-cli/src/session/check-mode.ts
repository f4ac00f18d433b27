import type { ProvisioningCommand } from '../frame/command.ts';
import { configurationOf, select } from './workspace.ts';

/**
 * `debug.check = true` makes every command that changes something a check; `--no-check` lifts it (01 §8.6, 02.A7). A
 * configuration that does not load is no reason to refuse here: the commands that repair it must run.
 */
export async function applyConfiguredCheck(command: ProvisioningCommand): Promise<void> {
  const configuration = await select(command, 'optional')
    .catch(() => undefined)
    .then((selection) => configurationOf(command, selection))
    .catch(() => undefined);
  if (configuration?.get('debug.check') !== true) return;
  command.globals = { ...command.globals, check: true };
  const { file, line, origin } = configuration.provenance('debug.check');
  const place = file === undefined ? (origin ?? 'the configuration') : `${file}:${line ?? 1}`;
  command.out.info(`debug.check is set in ${place}: nothing is changed; --no-check lifts it`);
}
