import { existsSync } from 'node:fs';
import { resolve as absolute } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { modes } from './catalogue/modes.ts';
import { providers } from './catalogue/providers.ts';
import { templates } from './catalogue/templates.ts';
import { type Flags, readCommandLine, runModeOf, usage } from './command-line.ts';
import { readConfiguration, requireComplete } from './configuration/read.ts';
import { install } from './install.ts';
import type { Output } from './output.ts';
import type { Run } from './surroundings.ts';
import { placesOf } from './places.ts';
import { containersOf } from './plan/containers.ts';
import { planLines } from './plan/print.ts';
import { type Installation, resolve } from './plan/resolve.ts';
import { lineVersions } from './plan/version.ts';

/** Runs one command line. @returns the exit code. */
export async function runInstaller(argv: readonly string[], run: Run): Promise<number> {
  const flags = readCommandLine(argv);
  const { output, surroundings } = run;
  if (flags.help === true || flags.version === true) {
    output.print(flags.help === true ? usage.trimEnd() : run.version);
    return 0;
  }
  const listed = listing(flags);
  if (listed !== undefined) {
    output.print(...listed);
    return 0;
  }
  const canPrompt = run.stdin.isTTY === true && run.stderr.isTTY === true;
  const mode = runModeOf(flags, canPrompt);
  const places = placesOf(surroundings);
  const file = flags.config === undefined ? undefined : absolute(surroundings.cwd, flags.config);
  const before = existsSync(places.configurationFile) ? places.configurationFile : undefined;
  const used = file ?? (mode === 'interactive' || flags.template !== undefined ? undefined : before);
  const configuration = await readConfiguration({
    flags,
    environment: surroundings.env,
    ...(used === undefined ? {} : { file: used }),
  });
  if (mode === 'unattended') requireComplete(configuration, flags.config!);
  const installation = resolve(configuration);
  for (const warning of installation.warnings) output.warn(warning);
  if (flags.validate === true) return validated(installation, output);
  if (flags.check === true) return checked(installation, run);
  refuseObstacles(installation);
  return install(installation, configuration, { ...run, places });
}

function listing(flags: Flags): readonly string[] | undefined {
  const rows = (entries: readonly (readonly [string, string])[]): readonly string[] => {
    const width = Math.max(...entries.map(([name]) => name.length));
    return entries.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
  };
  if (flags['list-modes'] === true)
    return rows(
      Object.entries(modes).map(([name, { description, services }]) => [
        name,
        `${description}: ${services.join(', ')}`,
      ]),
    );
  if (flags['list-providers'] === true) return rows(Object.entries(providers));
  if (flags['list-templates'] === true)
    return rows(Object.entries(templates).map(([name, { description }]) => [name, description]));
  return undefined;
}

function validated({ obstacles }: Installation, output: Output): number {
  for (const obstacle of obstacles) output.failed(obstacle);
  if (obstacles.length > 0) return 3;
  output.print('Configuration is valid');
  return 0;
}

/** Prints the plan; a machine without any platform can be planned for. */
function checked(installation: Installation, { folder, output }: Run): number {
  const secrets = { registryPassword: '', registryHtpasswd: '' };
  const containers = containersOf(installation, lineVersions(folder), secrets);
  output.print(
    ...planLines(installation, installation.platform ?? 'the first platform that answers', containers),
  );
  for (const obstacle of installation.obstacles) output.failed(obstacle);
  output.print('Nothing was changed');
  return installation.obstacles.length > 0 ? 1 : 0;
}

function refuseObstacles({ obstacles }: Installation): void {
  if (obstacles.length === 0) return;
  throw new ProvisioningError({
    code: 'NOT_DEPLOYABLE',
    kind: 'configuration',
    message: obstacles[0]!,
    issues: obstacles.slice(1).map((message) => ({ message })),
    hint: 'solo mode can be deployed with this version: --mode solo',
  });
}
