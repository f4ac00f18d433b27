import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredTaskserv } from '../../../../packages/core/src/taskserv/desired.ts';
import type { FleetHost } from './fleet.ts';
import { execute } from './process.ts';

export interface Pyinfra {
  readonly version: string;
  run(): Promise<void>;
}

/**
 * pyinfra doing the same: for each taskserv the same packages, files, units and facts, as its own operations. It is
 * installed once into `.bench/pyinfra`, from PyPI.
 * @returns `undefined` where there is no Python or no way to install it.
 */
export async function makePyinfra(
  folder: string,
  hosts: readonly FleetHost[],
  say: (message: string) => void,
): Promise<Pyinfra | undefined> {
  const program = await install(say).catch((error: unknown) => {
    say(`pyinfra left out: ${error instanceof Error ? error.message.split('\n')[0]! : String(error)}`);
    return undefined;
  });
  if (program === undefined) return undefined;
  const files = join(folder, 'pyinfra-files');
  await mkdir(files, { recursive: true });
  const places = new Map<string, string>();
  for (const { taskservs } of hosts) {
    for (const { content, sha256 } of taskservs.flatMap((desired) => desired.files)) {
      if (places.has(sha256)) continue;
      places.set(sha256, join(files, sha256));
      await writeFile(join(files, sha256), content);
    }
  }
  await writeFile(join(folder, 'inventory.py'), inventory(hosts));
  await writeFile(join(folder, 'deploy.py'), deployment(hosts, places));
  const version = (await execute(program, ['--version'])).trim();
  return {
    version,
    run: async () => {
      const words = ['-y', '--parallel', String(hosts.length), 'inventory.py', 'deploy.py'];
      const environment = { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
      await execute(program, words, { folder, environment });
    },
  };
}

async function install(say: (message: string) => void): Promise<string> {
  const place = join(import.meta.dirname, '..', '..', '..', '..', '.bench', 'pyinfra');
  const program = join(place, 'bin', 'pyinfra');
  if (existsSync(program)) return program;
  say('installing pyinfra');
  await execute('python3', ['-m', 'venv', place]);
  await execute(join(place, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', 'pyinfra']);
  return program;
}

/** JSON that Python reads as it stands: text, numbers and lists only. */
const literal = (value: unknown): string => JSON.stringify(value);

function inventory(hosts: readonly FleetHost[]): string {
  const entries = hosts.map(({ hostname, access }) => {
    const data: Record<string, unknown> = {
      ssh_hostname: access.host,
      ssh_port: access.port,
      ssh_user: access.user,
      ssh_key: access.keyFile,
      ssh_strict_host_key_checking: 'no',
      ssh_known_hosts_file: '/dev/null',
    };
    return `(${literal(hostname)}, ${literal(data)})`;
  });
  return `servers = [${entries.join(', ')}]\n`;
}

function deployment(hosts: readonly FleetHost[], places: ReadonlyMap<string, string>): string {
  const lines = [
    'from pyinfra import host',
    'from pyinfra.facts.server import Command',
    'from pyinfra.operations import apt, files, systemd',
    '',
  ];
  for (const { hostname, taskservs } of hosts) {
    lines.push(`if host.name == ${literal(hostname)}:`);
    for (const desired of taskservs) lines.push(...operations(desired, places));
    lines.push('    pass');
  }
  return `${lines.join('\n')}\n`;
}

function operations(desired: DesiredTaskserv, places: ReadonlyMap<string, string>): string[] {
  const check = desired.scripts.get('check');
  return [
    ...(desired.packages.length === 0
      ? []
      : [`apt.packages(packages=${literal(desired.packages)}, no_recommends=True)`]),
    ...desired.files.map(
      ({ path, sha256, owner, group, mode }) =>
        `files.put(src=${literal(places.get(sha256))}, dest=${literal(path)}, user=${literal(owner)}, group=${literal(group)}, mode=${literal(mode)})`,
    ),
    ...desired.units.map((unit) => `systemd.service(service=${literal(unit)}, running=True, enabled=True)`),
    ...(check === undefined
      ? []
      : [`host.get_fact(Command, command=${literal(`${desired.environment}${check}`)})`]),
  ].map((line) => `    ${line}`);
}
