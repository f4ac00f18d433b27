import { existsSync } from 'node:fs';
import { resolve as absolute } from 'node:path';
import { writeFileAtomic } from '@provisioning/core';
import { type InstallerConfiguration, ProvisioningError } from '@provisioning/extensions-sdk';
import { stringify } from 'smol-toml';
import { modes } from './catalogue/modes.ts';
import { providers } from './catalogue/providers.ts';
import { templates } from './catalogue/templates.ts';
import { type Flags, readCommandLine, runModeOf, usage } from './command-line.ts';
import { readConfiguration, requireComplete } from './configuration/read.ts';
import { choosePlatform, detectPlatforms } from './deployment/platforms.ts';
import { install } from './install.ts';
import type { Output } from './output.ts';
import type { Run } from './surroundings.ts';
import { askAfterFailure, askConfiguration, askToGoOn } from './wizard/ask.ts';
import { type Places, placesOf } from './places.ts';
import { containersOf } from './plan/containers.ts';
import { planLines } from './plan/print.ts';
import { comesLater, type Installation, resolve } from './plan/resolve.ts';
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
  if (flags['mcp-suggest'] === true || flags['config-suggest'] === true) throw noSuggestions();
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
  if (mode === 'config-only') return generate(configuration, run, places, canPrompt && flags.yes !== true);
  if (mode === 'interactive') return interactive(configuration, run);
  const installation = resolve(configuration);
  for (const warning of installation.warnings) output.warn(warning);
  if (flags.validate === true) return validated(installation, output);
  if (flags.check === true) return checked(installation, run);
  refuseObstacles(installation);
  return install(installation, { ...run, places });
}

/** Asks, shows the plan, deploys. */
async function interactive(given: InstallerConfiguration, run: Run): Promise<number> {
  const { output, surroundings } = run;
  const asking = { streams: run, style: output };
  const configuration = await askConfiguration(given, await platformsHere(run, given), asking);
  const installation = resolve(configuration);
  for (const warning of installation.warnings) output.warn(warning);
  refuseObstacles(installation);
  for (const line of planOf(installation, run)) output.progress(line);
  if (!(await askToGoOn(asking, 'Deploy this?'))) {
    output.progress('Cancelled; nothing was changed');
    return 1;
  }
  return install(installation, { ...run, places: placesOf(surroundings) }, () => askAfterFailure(asking));
}

/** Writes the file of values, deploys nothing. */
async function generate(
  given: InstallerConfiguration,
  run: Run,
  { configurationFile }: Places,
  asks: boolean,
): Promise<number> {
  const { output } = run;
  const configuration = asks
    ? await askConfiguration(given, await platformsHere(run, given), { streams: run, style: output })
    : given;
  const { mode, provider, domain, resources, warnings, platform } = resolve(configuration);
  const detected = platform === undefined ? await detectPlatforms(run.surroundings.env) : [];
  const first = platform ?? detected.find(({ refused }) => refused === undefined)?.name;
  for (const warning of warnings) output.warn(warning);
  // What nobody chose stands in it too, so that an unattended run finds everything.
  const complete: InstallerConfiguration = {
    ...configuration,
    installation: {
      mode,
      provider,
      domain,
      ...(first === undefined ? {} : { platform: first }),
      ...configuration.installation,
    },
    resources: {
      cpu: resources.millicores,
      memory: resources.memoryMb,
      disk: resources.diskGb,
    },
  };
  await writeFileAtomic(configurationFile, stringify(complete));
  output.print(configurationFile);
  return 0;
}

/** Platforms to choose from, the preferred one first. */
async function platformsHere(
  { surroundings, output }: Run,
  { installation = {} }: InstallerConfiguration,
): Promise<readonly string[]> {
  const detected = await detectPlatforms(surroundings.env);
  for (const { name, version, refused } of detected) output.progress(refused ?? `found ${name} ${version}`);
  const first = installation.platform ?? choosePlatform(detected, installation.mode ?? 'solo');
  const usable = detected.flatMap(({ name, refused }) => (refused === undefined ? [name] : []));
  return [...new Set([first, ...usable])];
}

function noSuggestions(): ProvisioningError {
  return new ProvisioningError({
    code: 'MCP_UNAVAILABLE',
    kind: 'unavailable',
    message: `mcp-server, which suggests values, ${comesLater}`,
    hint: 'start from a template: provisioning-installer --list-templates',
  });
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
function checked(installation: Installation, run: Run): number {
  const { output } = run;
  output.print(...planOf(installation, run));
  for (const obstacle of installation.obstacles) output.failed(obstacle);
  output.print('Nothing was changed');
  return installation.obstacles.length > 0 ? 1 : 0;
}

function planOf(installation: Installation, { folder }: Run): readonly string[] {
  const secrets = { registryPassword: '', registryHtpasswd: '' };
  const containers = containersOf(installation, lineVersions(folder), secrets);
  return planLines(installation, installation.platform ?? 'the first platform that answers', containers);
}

function refuseObstacles({ obstacles }: Installation): void {
  if (obstacles.length === 0) return;
  throw new ProvisioningError({
    code: 'NOT_DEPLOYABLE',
    kind: 'configuration',
    message: obstacles[0]!,
    issues: obstacles.slice(1).map((message) => ({ message })),
    hint: 'solo mode can be deployed with this version; --check shows the plan',
  });
}
