import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs the tests drive, and the Debian packages that bring them. */
const needed: Readonly<Record<string, readonly string[]>> = {
  podman: ['podman', 'runc', 'conmon', 'netavark', 'aardvark-dns', 'iptables'],
  'podman-compose': ['podman-compose'],
  debootstrap: ['debootstrap'],
  'redis-server': ['redis-server'],
  etcd: ['etcd-server'],
  'docker-registry': ['docker-registry'],
  skopeo: ['skopeo'],
  ssh: ['openssh-client'],
  sshd: ['openssh-server'],
  shellcheck: ['shellcheck'],
  tmux: ['tmux'],
  gpg: ['gnupg'],
  initdb: ['postgresql'],
};

/** Where programs are that Debian keeps off the search path. */
const folders = [
  '/usr/sbin',
  '/sbin',
  '/usr/lib/postgresql/15/bin',
  '/usr/lib/postgresql/16/bin',
  '/usr/lib/postgresql/17/bin',
];

function onPath(program: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), ...folders].some((folder) =>
    existsSync(join(folder, program)),
  );
}

/** Installs what is missing with apt, without letting a package start its service. Says what it does. */
export function ensureSystemPackages(): void {
  const missing = Object.entries(needed).flatMap(([program, packages]) => (onPath(program) ? [] : packages));
  if (missing.length === 0) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  console.log(`Installing system packages for the tests: ${missing.join(' ')}`);
  for (const args of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const [command = '', ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', ...args];
    const { status } = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) {
      console.error(`'${args.join(' ')}' failed; install these packages by hand and run the tests again.`);
      process.exit(1);
    }
  }
}
