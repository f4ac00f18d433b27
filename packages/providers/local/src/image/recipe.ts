import { createHash } from 'node:crypto';
import type { Mirror } from './apt-sources.ts';
import type { Files } from './overlay.ts';

/** Repository of the images this provider builds. */
export const baseRepository = 'localhost/provisioning/base';

/** What an image is built from; its hash is part of the tag, so a changed recipe is built anew. */
export interface Recipe {
  readonly mirror: Mirror;
  readonly architecture: string;
  readonly packages: readonly string[];
  /** Files put into the root file system, by absolute path. */
  readonly files: Files;
  /** systemd units that make no sense in a container, or slow its start. */
  readonly masked: readonly string[];
  readonly tag: string;
}

/** What makes a server of a minimal Debian or Ubuntu. */
export const serverPackages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'ca-certificates',
  'iproute2',
  'procps',
];

/** Units that wait for hardware, change packages at odd times, or fail in a container. */
export const maskedUnits = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dev-hugepages.mount',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty.target',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-firstboot.service',
  'systemd-modules-load.service',
  'systemd-remount-fs.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
];

/** dpkg without fsync and without manuals: read by debootstrap's dpkg as well as later inside the server. */
const dpkgConfig = `force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/locale/*
`;

const sshdConfig = `# Written by provisioning.
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized_keys.d/%u
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
MaxSessions 100
MaxStartups 100:30:200
`;

/** Each server makes its own host key at its first start; none is in the image. */
const sshService = `[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -s /etc/ssh/ssh_host_ed25519_key || ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key'
ExecStartPre=/bin/mkdir -p -m 0755 /run/sshd
`;

/** Files every server has, whatever its image was made from. */
export const serverFiles: Files = {
  '/etc/dpkg/dpkg.cfg.d/90provisioning': { content: dpkgConfig },
  '/etc/default/locale': { content: 'LANG=C.UTF-8\n' },
  '/etc/ssh/sshd_config.d/10-provisioning.conf': { content: sshdConfig },
  '/etc/systemd/system/ssh.service.d/10-provisioning.conf': { content: sshService },
  '/etc/systemd/system.conf.d/10-provisioning.conf': { content: '[Manager]\nDefaultTimeoutStopSec=10s\n' },
};

/** The recipe for a suite from a mirror. `proxies` are apt settings such as `Acquire::http::Proxy "…";`. */
export function baseRecipe(mirror: Mirror, architecture: string, proxies: readonly string[]): Recipe {
  const files: Files = {
    ...serverFiles,
    '/etc/apt/sources.list': { content: `${mirror.lines.join('\n')}\n` },
    '/etc/apt/apt.conf.d/90provisioning': {
      content: ['Acquire::Languages "none";', 'Acquire::PDiffs "false";', ...proxies, ''].join('\n'),
    },
    '/etc/machine-id': { content: '', mode: 0o444 },
  };
  const content = { mirror, architecture, packages: serverPackages, files, masked: maskedUnits };
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12);
  return { ...content, tag: `${mirror.suite}-${hash}` };
}

/** Suite of an operating system's name as definitions write it: `debian-12` → `bookworm`. */
export function suiteOf(os: string): string | undefined {
  return {
    'debian-11': 'bullseye',
    'debian-12': 'bookworm',
    'debian-13': 'trixie',
    'ubuntu-22.04': 'jammy',
    'ubuntu-24.04': 'noble',
  }[os];
}
