import { cpus, freemem, loadavg, release, totalmem } from 'node:os';
import { shownConfiguration, validateWorkspaceConfiguration } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { lastLines } from '../log/log-file.ts';
import { logFile } from '../orchestrator/control.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { configurationOf, loadOptionsOf, selectOptional } from '../session/workspace.ts';
import { statusChecks } from '../status/checks.ts';
import { scrubber } from './scrub.ts';

/** A file of the bundle. */
export interface DiagnosticFile {
  readonly path: string;
  readonly text: string;
}

const readme = `What 'provisioning diagnostics run' found out, for a problem report.

system.json         machine and versions
status.json         the checks of 'provisioning status'
environment.txt     variables that concern the program; secret ones are masked
configuration.yaml  the configuration in effect; secret values are masked
validation.json     what 'provisioning validate config' says
orchestrator.log    the last lines of the orchestrator's log

Names of servers, addresses and paths are in it. Look it through before you hand it on.
`;

/** How much of the log goes along. */
const logLines = 2000;

/** Everything the bundle holds, with secrets taken out (19 §11, 24 §7). What cannot be found out says why. */
export async function collectDiagnostics(command: ProvisioningCommand): Promise<readonly DiagnosticFile[]> {
  const { environment } = command.runtime;
  const selection = await selectOptional(command).catch(() => undefined);
  const configuration = await configurationOf(command, selection).catch(() => undefined);
  const scrub = scrubber(environment, configuration);
  const { stringify } = await import('yaml');
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const parts: readonly (readonly [string, () => Promise<string> | string])[] = [
    ['README.txt', () => readme],
    ['system.json', () => json(systemFacts(command))],
    ['status.json', async () => json(await statusChecks(command))],
    ['environment.txt', () => variables(environment)],
    [
      'configuration.yaml',
      async () => stringify(shownConfiguration(configuration ?? (await configurationOf(command, selection)))),
    ],
    [
      'validation.json',
      async () =>
        json(await validateWorkspaceConfiguration({ ...loadOptionsOf(command, selection), strict: false })),
    ],
    [
      'orchestrator.log',
      async () => {
        const settings = await settingsFor(
          command,
          configuration ?? (await configurationOf(command, selection)),
        );
        return `${(await lastLines(logFile(settings), logLines)).join('\n')}\n`;
      },
    ],
  ];
  return Promise.all(
    parts.map(async ([path, make]) => {
      const text = await Promise.resolve()
        .then(make)
        .catch(
          (error: unknown) => `not found out: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      return { path, text: scrub(text) };
    }),
  );
}

function systemFacts(command: ProvisioningCommand): Record<string, unknown> {
  return {
    provisioning: command.host.catalogue.version,
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? null,
    system: `${process.platform} ${release()} ${process.arch}`,
    processors: cpus().length,
    load: loadavg(),
    memory_mb: Math.round(totalmem() / 1024 ** 2),
    free_memory_mb: Math.round(freemem() / 1024 ** 2),
    time: new Date(command.runtime.now()).toISOString(),
  };
}

const concerned =
  /^(PROVISIONING|ORCHESTRATOR|SOPS|AWS|UPCLOUD|HCLOUD|HETZNER|DOCKER|CONTAINER|XDG|NO_COLOR|FORCE_COLOR|TERM|LANG|LC_|SHELL|EDITOR|VISUAL|PAGER|PATH$|HOME$|(HTTPS?|NO)_PROXY)/i;

function variables(environment: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(environment)
    .filter(([name, value]) => concerned.test(name) && value !== undefined)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, value]) => `${name}=${value!}\n`)
    .join('');
}
