import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  Context,
  ObservedServer,
  Progress,
  ProviderInstance,
  Transports,
} from '@provisioning/extensions-sdk';
import { freePort } from '../transport/sshd.fixture.ts';
import { createTransports, ensureWorkspaceKey } from '../transport/index.ts';

const catalogue = fileURLToPath(new URL('../../../taskservs/', import.meta.url));
const image = process.env.PROVISIONING_TEST_IMAGE ?? 'localhost/provisioning-test-base';

/** A real Debian host with systemd and sshd in a container of its own, for tests of taskservs. */
export interface TestHost {
  readonly hostname: string;
  readonly port: number;
  ip: string;
  sh(script: string): string;
  remove(): void;
}

/** A workspace with containers as its servers, and a `Context` over them. */
export class TestBed {
  readonly workspace = mkdtempSync(join(tmpdir(), 'provisioning-bed-'));
  readonly hosts = new Map<string, TestHost>();
  readonly progress: Progress[] = [];
  readonly extraCatalogue = join(this.workspace, 'extensions', 'taskservs');
  readonly transports: Transports;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}-${process.pid}`;
    mkdirSync(this.extraCatalogue, { recursive: true });
    this.transports = createTransports({ knownHostsFile: join(this.workspace, 'known_hosts') });
  }

  async host(hostname: string, options: readonly string[] = []): Promise<TestHost> {
    ensureImage();
    const { publicKey } = await ensureWorkspaceKey(this.workspace);
    const port = await freePort();
    const container = `${this.#prefix}-${hostname}`;
    podman([
      ...['run', '-d', '--name', container, '--hostname', hostname, '--systemd=always'],
      ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '-p', `127.0.0.1:${port}:22`],
      ...options,
      image,
      '/sbin/init',
    ]);
    const sh = (script: string): string =>
      execFileSync('podman', ['--runtime', 'runc', 'exec', '-i', container, 'sh', '-s'], {
        input: script,
        stdio: ['pipe', 'pipe', 'pipe'],
      }).toString();
    sh(`mkdir -p -m 700 /root/.ssh && echo '${publicKey}' > /root/.ssh/authorized_keys`);
    const ip = podman(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', container]).trim();
    const host: TestHost = {
      hostname,
      port,
      ip,
      sh,
      remove: () => podman(['rm', '-f', '-t', '0', container]),
    };
    this.hosts.set(hostname, host);
    return host;
  }

  context(changes: Partial<Context> = {}): Context {
    const provider = {
      getServer: ({ hostname }: { hostname: string }) => Promise.resolve(this.#observed(hostname)),
      getAccess: ({ hostname }: { hostname: string }) =>
        Promise.resolve({
          kind: 'ssh',
          host: '127.0.0.1',
          port: this.hosts.get(hostname)!.port,
          user: 'root',
          keyFile: join(this.workspace, 'secrets', 'ssh-keys', 'id_ed25519'),
          hostKeyAlias: hostname,
        }),
    } as unknown as ProviderInstance;
    return {
      workspace: { name: 'bed', path: this.workspace },
      infra: 'main',
      environment: 'development',
      config: () => undefined,
      provider: () => Promise.resolve(provider),
      providerMetadata: () => Promise.reject(new Error('not needed')),
      transports: this.transports,
      extension: (_kind, name) => Promise.resolve(taskservFolder(name, this.extraCatalogue)),
      report: (progress) => void this.progress.push(progress),
      signal: new AbortController().signal,
      idempotencyKey: 'test',
      now: Date.now,
      step: (_name, work) => work(),
      ...changes,
    };
  }

  async remove(): Promise<void> {
    await this.transports.close();
    for (const host of this.hosts.values()) host.remove();
    rmSync(this.workspace, { recursive: true, force: true });
  }

  #observed(hostname: string): ObservedServer | null {
    const host = this.hosts.get(hostname);
    if (host === undefined) return null;
    return { hostname, provider: 'test', ip_addresses: { private: host.ip } } as unknown as ObservedServer;
  }
}

/** Folder of a taskserv: the test's own, else the catalogue's. */
function taskservFolder(name: string, extra: string): string {
  const found = execFileSync('find', [
    extra,
    catalogue,
    '-name',
    'manifest.yaml',
    '-path',
    `*/${name}/manifest.yaml`,
  ])
    .toString()
    .split('\n')[0]!;
  return found.slice(0, -'/manifest.yaml'.length);
}

function podman(parameters: readonly string[]): string {
  return execFileSync('podman', ['--runtime', 'runc', ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString();
}

function ensureImage(): void {
  try {
    podman(['image', 'inspect', image]);
  } catch {
    const folder = mkdtempSync(join(tmpdir(), 'provisioning-image-'));
    const packages = 'systemd,systemd-sysv,dbus,openssh-server,sudo';
    execFileSync(
      'sh',
      [
        '-ec',
        `debootstrap --variant=minbase --include=${packages} bookworm "$1/root" >"$1/log" 2>&1
         rm -rf "$1"/root/var/cache/apt/archives/*.deb "$1"/root/var/lib/apt/lists/*
         tar -C "$1/root" -c . | podman import - "$2" >/dev/null 2>&1`,
        'sh',
        folder,
        image,
      ],
      { stdio: 'inherit' },
    );
    rmSync(folder, { recursive: true, force: true });
  }
}
