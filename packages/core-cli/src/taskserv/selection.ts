import { resolve } from 'node:path';
import {
  type Infrastructure,
  installedOn,
  readDocument,
  readHistory,
  type SelectedTaskservs,
  selectTaskservs,
  taskservManifests,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import type { TaskservTargets } from './targets.ts';

export interface SelectionFlags {
  readonly version?: string;
  readonly force?: boolean;
  /** Configuration beneath that of `--config`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The selection of a command line closed over its dependencies, with what the servers have already (07 §4). */
export async function selectFor(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  targets: TaskservTargets,
  flags: SelectionFlags,
): Promise<SelectedTaskservs<Infrastructure>> {
  const { config, profile } = command.globals;
  const manifests = await taskservManifests(session.project.extensions);
  return selectTaskservs(
    session.infrastructure,
    {
      ...targets,
      force: flags.force,
      version: flags.version === undefined ? undefined : fullVersion(targets, flags.version, manifests),
      profile,
      config:
        config === undefined ? flags.settings : { ...flags.settings, ...(await readConfig(command, config)) },
    },
    manifests,
    command.globals.check ? await remembered(session, targets) : await installedFor(session, targets),
  );
}

type Installed = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What the servers say of themselves; one that is not there yet has nothing. */
export async function installedFor(
  session: InfrastructureSession,
  { hostnames }: TaskservTargets,
): Promise<Installed> {
  const { context, infrastructure } = session;
  const servers = infrastructure.servers.filter(({ hostname }) => hostnames.includes(hostname));
  const entries = await Promise.all(
    servers.map(async (server) => {
      const provider = await context.provider(server.provider);
      const there = await provider.getServer({ hostname: server.hostname }, { signal: context.signal });
      const known =
        there?.status === 'running' ? await installedOn(context, server) : new Map<string, string>();
      return [server.hostname, known] as const;
    }),
  );
  return new Map(entries);
}

/** What was installed from here: a check contacts nobody (07 §8). */
async function remembered(
  session: InfrastructureSession,
  { hostnames }: TaskservTargets,
): Promise<Installed> {
  const entries = hostnames.map(async (hostname) => {
    const history = await readHistory(session.context, hostname);
    const versions = Object.entries(history).map(([name, { current }]) => [name, current.version] as const);
    return [hostname, new Map(versions)] as const;
  });
  return new Map(await Promise.all(entries));
}

/** `1.28` is the newest 1.28.x the package knows (07 §5.3). */
function fullVersion(
  { names }: TaskservTargets,
  version: string,
  manifests: Awaited<ReturnType<typeof taskservManifests>>,
): string {
  const [only] = names;
  if (names.length !== 1 || !/^\d+\.\d+$/.test(version)) return version;
  const software = manifests.get(only!)?.software;
  const known = [software?.version ?? '', ...(software?.supports_versions ?? [])];
  const exact = known.filter((one) => one.startsWith(`${version}.`) && /^\d+(\.\d+)+$/.test(one));
  return exact.sort((a, b) => Number(b.split('.').at(-1)) - Number(a.split('.').at(-1)))[0] ?? version;
}

async function readConfig(command: ProvisioningCommand, name: string): Promise<Record<string, unknown>> {
  const file = resolve(command.runtime.cwd, name);
  const document = await readDocument(file);
  if (document !== undefined) return document.value;
  throw new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `No such file: ${file}`,
  });
}
