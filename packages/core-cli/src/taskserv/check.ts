import {
  type Infrastructure,
  type SelectedTaskservs,
  taskservsOf,
  TaskservPackages,
} from '@provisioning/core';
import { ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import type { TaskservTargets } from './targets.ts';

/** One taskserv on one server, as a check shows it. */
interface Installation {
  readonly name: string;
  readonly version: string;
  readonly server: string;
  readonly manifest: TaskservManifest;
}

/**
 * `taskserv create --check` (07 §8): every package is loaded, its configuration merged and validated; no server and no
 * provider is contacted, nothing is written.
 */
export async function checkCreate(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  targets: TaskservTargets,
  selected: SelectedTaskservs<Infrastructure>,
): Promise<void> {
  const { out, globals } = command;
  const wanted = await installations(session, selected);
  const errors = wanted.flatMap(({ manifest, server }) => shortages(session, manifest, server));
  const asked = wanted.filter(({ name }) => targets.names.includes(name));
  const first = asked[0];
  const document = {
    check_mode: true,
    action: 'install',
    service: targets.names.join(','),
    version: first?.version ?? null,
    resource: 'taskserv',
    name: targets.names.join(','),
    infra: session.infrastructure.name,
    status: 'planned',
    would: wanted.map(({ name, version, server }) => ({
      verb: 'install',
      kind: 'taskserv',
      name: `${server}/${name}`,
      detail: version,
    })),
    would_install: errors.length === 0,
    requirements_met: errors.length === 0,
    requirements: { met: errors.length === 0, missing: errors },
    changes: wanted.map(({ name, server }) => `${server}/${name}`),
    dependencies: selected.dependencies,
    warnings: selected.warnings,
    errors,
  };
  const long = globals.verbose;
  await out.result(document, () => [
    ...(long ? asked.flatMap((one) => longLines(command, one)) : []),
    `${out.style.mark('ok')} Validation passed`,
    `${out.style.mark('warning')} Check mode: No changes will be made`,
    ...selected.warnings.map((text) => `${out.style.mark('warning')} ${text}`),
    '',
    'Would install:',
    ...[...new Map(asked.map((one) => [one.name, one])).values()].map(
      ({ name, version }) => `  - ${title(name)} ${numbered(version)}`,
    ),
    ...(selected.dependencies.length === 0
      ? []
      : [`  - Required dependencies: ${selected.dependencies.join(', ')}`]),
    `  - On servers: ${targets.hostnames.join(', ')}`,
    ...resourceLine(wanted),
  ]);
  if (errors.length > 0) {
    throw new ProvisioningError({ code: 'REQUIREMENTS_NOT_MET', message: errors.join('; ') });
  }
}

async function installations(
  session: InfrastructureSession,
  { definition, byServer }: SelectedTaskservs<Infrastructure>,
): Promise<readonly Installation[]> {
  const packages = new TaskservPackages();
  const result: Installation[] = [];
  for (const server of definition.servers) {
    const order = byServer.get(server.hostname) ?? [];
    if (order.length === 0) continue;
    const own = { ...server, taskservs: server.taskservs.filter(({ name }) => order.includes(name)) };
    const planned = await taskservsOf(session.context, own, definition, packages);
    for (const name of order) {
      const { use } = planned.find((one) => one.use.name === name)!;
      const { manifest } = await packages.load(await session.context.extension('taskserv', name));
      result.push({
        name,
        version: use.version ?? manifest.software.version,
        server: server.hostname,
        manifest,
      });
    }
  }
  return result;
}

/** What the definition of a server already says against a taskserv; the host is asked when it is installed. */
function shortages(session: InfrastructureSession, manifest: TaskservManifest, hostname: string): string[] {
  const server = session.infrastructure.servers.find((one) => one.hostname === hostname);
  const memory = typeof server?.memory === 'number' ? server.memory : undefined;
  const { memory: least } = manifest.resources;
  return memory !== undefined && memory < least
    ? [`${manifest.name} on ${hostname}: Insufficient memory: ${memory}MB. Minimum ${least}MB required.`]
    : [];
}

function longLines(command: ProvisioningCommand, { name, server, manifest }: Installation): string[] {
  const { style } = command.out;
  const needs = Object.keys(manifest.dependencies);
  return [
    `Check Mode: ${name} on ${server}`,
    '→ Running static validation...',
    `  ${style.mark('ok')} Static validation passed`,
    '→ Checking dependencies...',
    `  ${style.mark('ok')} Dependencies OK`,
    ...(needs.length === 0 ? [] : [`    Required: ${needs.join(', ')}`]),
    '→ Previewing configuration generation...',
    `  ${style.mark('ok')} Configuration preview generated`,
    `    Files to process: ${manifest.install.files.length}`,
    '→ Checking prerequisites...',
    `  ${style.mark('info')} Prerequisite checks (preview mode):`,
    '    ⊘ Server accessibility: Check mode - SSH not tested',
    '',
  ];
}

function resourceLine(wanted: readonly Installation[]): string[] {
  const memory = Math.max(0, ...wanted.map(({ manifest }) => manifest.resources.memory));
  const disk = Math.max(0, ...wanted.map(({ manifest }) => manifest.resources.disk));
  const parts = [...(memory > 0 ? [`${memory} MB memory`] : []), ...(disk > 0 ? [`${disk} MB disk`] : [])];
  return parts.length === 0 ? [] : [`  - Resources: at least ${parts.join(', ')}`];
}

/** `kubernetes` as people write it. */
export function title(name: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

function numbered(version: string): string {
  return /^\d/.test(version) ? `v${version}` : version;
}
