import { type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { asRoot, openHost } from '../../taskserv/host.ts';
import { log } from './readiness.ts';

const Input = Type.Object({
  server: Type.Object({ hostname: Type.String(), provider: Type.String() }),
  /** Restart the server when its packages ask for it. */
  reboot: Type.Optional(Type.Boolean()),
});

interface Updated {
  readonly hostname: string;
  readonly packages: number;
  readonly rebooted: boolean;
}

/**
 * Prints how many packages are newer, brings them up, and tells whether a restart is wished; the first package manager
 * that is there does it.
 */
const script = `set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
if command -v apt-get >/dev/null; then
  apt-get -q update >&2
  count=$(apt-get -s -q dist-upgrade | grep -c '^Inst ' || true)
  apt-get -q -y -o Dpkg::Options::=--force-confold dist-upgrade >&2
  [ -e /var/run/reboot-required ] && reboot=yes || reboot=no
elif command -v dnf >/dev/null; then
  count=$(dnf -q check-update 2>/dev/null | grep -c '^[a-zA-Z0-9]' || true)
  dnf -q -y upgrade >&2
  dnf -q needs-restarting -r >/dev/null 2>&1 && reboot=no || reboot=yes
elif command -v zypper >/dev/null; then
  zypper -q -n refresh >&2
  count=$(zypper -q -n list-updates | grep -c '^v ' || true)
  zypper -q -n update >&2
  [ -e /run/reboot-needed ] && reboot=yes || reboot=no
elif command -v apk >/dev/null; then
  apk -q update >&2
  count=$(apk version -l '<' | grep -c ' < ' || true)
  apk -q upgrade >&2
  reboot=no
else
  echo 'no apt-get, dnf, zypper or apk' >&2
  exit 1
fi
echo "$count $reboot"`;

/** Brings the packages of a server's operating system up to date (05 §9.5). */
export const serverPackages: Operation<typeof Input, Updated> = {
  type: 'server.os-update',
  input: Input,

  plan: async (_context, { server }) => [
    {
      kind: 'server',
      name: server.hostname,
      action: 'update',
      reasons: ['packages of the operating system'],
    },
  ],

  async run(context, { server, reboot = false }) {
    const { hostname } = server;
    log(context, `${hostname}: Updating packages...`);
    const { transport, access } = await openHost(context, server, 10);
    const result = await transport.run(`${asRoot(access)}sh -s`, {
      input: script,
      signal: context.signal,
      timeout: 1800,
    });
    const [count, wish] = result.stdout.trim().split(' ');
    if (result.code !== 0 || count === undefined) {
      throw new ProvisioningError({
        code: 'OS_UPDATE_FAILED',
        message: `${hostname}: packages were not updated: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
        hint: `Look at it with 'provisioning server ssh ${hostname}'.`,
      });
    }
    const rebooted = reboot && wish === 'yes';
    if (rebooted) {
      const provider = await context.provider(server.provider);
      await provider.setServerState({ hostname }, 'rebooted', {
        wait: true,
        force: false,
        signal: context.signal,
      });
    }
    return { hostname, packages: Number(count), rebooted };
  },

  resources: ({ server }) => [`server/${server.hostname}`],
};
