import { createHash, randomUUID } from 'node:crypto';
import { ProviderError } from '@provisioning/extensions-sdk';
import type { Engine } from '../docker/client.ts';
import type { ConnectedEngine } from '../engine/connect.ts';
import { labelKeys, managedBy } from '../server/labels.ts';
import { type Files, packFiles } from './overlay.ts';
import { baseRepository, maskedUnits, serverFiles, serverPackages } from './recipe.ts';

/** Images of the public registry for operating systems that this machine cannot build (06 §6.1). */
export const stockImages: Readonly<Record<string, string>> = {
  'debian-11': 'docker.io/library/debian:11',
  'debian-12': 'docker.io/library/debian:12',
  'debian-13': 'docker.io/library/debian:13',
  'ubuntu-22.04': 'docker.io/library/ubuntu:22.04',
  'ubuntu-24.04': 'docker.io/library/ubuntu:24.04',
  'centos-8': 'docker.io/library/rockylinux:8',
  'rocky-9': 'docker.io/library/rockylinux:9',
};

export interface ImageOptions {
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

type Connected = Pick<ConnectedEngine, 'engine' | 'settings'>;

/** The Red Hat family names the unit of sshd otherwise. */
const preparedFiles: Files = {
  ...serverFiles,
  '/etc/systemd/system/sshd.service.d/10-provisioning.conf':
    serverFiles['/etc/systemd/system/ssh.service.d/10-provisioning.conf']!,
};

/**
 * An image by name, pulled when absent. One that lacks systemd or sshd is prepared once: they are installed in a
 * container of it, which becomes a new image.
 */
export async function ensureStock(
  image: string,
  connected: Connected,
  options: ImageOptions,
): Promise<string> {
  const { engine } = connected;
  const found = (await engine.inspectImage(image)) ?? (await pull(image, engine, options));
  const recipe = prepareScript();
  const hash = createHash('sha256').update(`${found.Id}\n${recipe}`).digest('hex').slice(0, 12);
  const prepared = `${baseRepository}:prepared-${hash}`;
  if ((await engine.inspectImage(prepared)) !== undefined) return prepared;
  if (await isServerImage(image, connected)) {
    await engine.tagImage(found.Id, baseRepository, `prepared-${hash}`);
    return prepared;
  }
  options.onProgress?.(`Installing systemd and sshd in ${image}, once`);
  const started = performance.now();
  await prepare(image, connected, {
    ...{ script: recipe, files: preparedFiles, repository: baseRepository, tag: `prepared-${hash}` },
    what: 'systemd and sshd',
  });
  options.onProgress?.(`Prepared ${image} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return prepared;
}

async function pull(image: string, engine: Engine, options: ImageOptions): Promise<{ readonly Id: string }> {
  options.onProgress?.(`Pulling ${image}`);
  try {
    await engine.pullImage(image, () => undefined, options.signal);
    const pulled = await engine.inspectImage(image);
    if (pulled !== undefined) return pulled;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw unavailable(`Image ${image} cannot be pulled: ${(error as Error).message}`, error);
  }
  throw unavailable(`Image ${image} is not there after it was pulled`);
}

async function isServerImage(image: string, connected: Connected): Promise<boolean> {
  const check = 'test -x /sbin/init && test -x /usr/sbin/sshd && test -d /etc/systemd';
  return inContainer(image, connected, { script: check }, async (_id, code) => code === 0).catch(() => false);
}

/** What is made of an image, and how. */
interface Preparation {
  readonly script: string;
  /** Put into the image before the script runs. */
  readonly files?: Files;
  readonly repository: string;
  readonly tag: string;
  /** What the script installs, for people. */
  readonly what: string;
}

/** Runs a script in a container of an image, which becomes a new image. @throws ProviderError `unavailable` */
export async function prepare(
  image: string,
  connected: Connected,
  { script, files = {}, repository, tag, what }: Preparation,
): Promise<void> {
  const { engine } = connected;
  await inContainer(image, connected, { script, files }, async (id, code) => {
    if (code === 0) {
      await engine.commit(id, repository, tag, { [labelKeys.image]: 'base' });
      return;
    }
    const log = (await engine.logs(id, 5)).trim().split('\n').slice(-3).join(' ');
    throw unavailable(`${what} cannot be installed in ${image}: ${log || `the script ended with ${code}`}`);
  });
}

/** Runs a script as the only program of a container; `finished` sees the container after it ended. */
async function inContainer<T>(
  image: string,
  { engine, settings }: Connected,
  { script, files = {} }: Pick<Preparation, 'script' | 'files'>,
  finished: (id: string, code: number) => Promise<T>,
): Promise<T> {
  const id = await engine.createContainer(`prov-prepare-${randomUUID().slice(0, 8)}`, {
    Image: image,
    Cmd: ['/bin/sh', '/provisioning.sh'],
    Labels: { [managedBy.key]: managedBy.value },
    HostConfig: settings.ulimits.length > 0 ? { Ulimits: settings.ulimits } : {},
  });
  try {
    const file = { '/provisioning.sh': { content: script, mode: 0o755 } };
    await engine.putArchive(id, await packFiles({ ...files, ...file }));
    await engine.startContainer(id);
    return await finished(id, await engine.waitContainer(id, 900));
  } finally {
    await engine.removeContainer(id);
  }
}

/** What makes a server of a plain image of the Debian and the Red Hat families. */
function prepareScript(): string {
  return `set -e
if command -v apt-get > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -y -q --no-install-recommends ${serverPackages.join(' ')} tzdata
  apt-get clean
  rm -rf /var/lib/apt/lists/*
elif command -v dnf > /dev/null; then
  dnf install -y systemd dbus openssh-server sudo ca-certificates iproute procps-ng passwd tar
  dnf clean all
  systemctl enable sshd.service
else
  echo 'neither apt-get nor dnf is in this image' >&2
  exit 3
fi
for unit in ${maskedUnits.join(' ')}; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
ln -sf "$(ls -d /lib/systemd/system/multi-user.target /usr/lib/systemd/system/multi-user.target | head -n 1)" /etc/systemd/system/default.target
rm -f /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d /var/lib/dbus/machine-id /provisioning.sh
mkdir -p /etc/ssh/authorized_keys.d
: > /etc/machine-id
`;
}

function unavailable(message: string, cause?: unknown): ProviderError {
  return new ProviderError({
    provider: 'local',
    operation: 'image',
    code: 'unavailable',
    message,
    help: 'Check the network, or name an image that runs systemd and sshd in providers.local.image_map',
    cause,
  });
}
