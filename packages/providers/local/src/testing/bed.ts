import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderContext, ProviderInstance, ServerSpec } from '@provisioning/extensions-sdk';
import { cleanEverything } from '../engine/clean.ts';
import { defaultCacheDir } from '../engine/environment.ts';
import { stopPrivateService } from '../engine/stop.ts';
import provider from '../index.ts';

/** A workspace of its own on a real engine, for tests. */
export interface Bed extends AsyncDisposable {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly cacheDir: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly log: string[];
  context(infra: string): ProviderContext;
  /** Another process would see the same; it connects anew. */
  open(infra?: string, cacheDir?: string): Promise<ProviderInstance>;
  spec(hostname: string, overrides?: Partial<ServerSpec>): ServerSpec;
}

/** Built base images are kept between runs, as the provider's own cache keeps them. */
export async function makeBed(config: Readonly<Record<string, unknown>> = {}): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'prov-local-'));
  const workspace = { name: `t${folder.slice(-6).toLowerCase()}`, path: join(folder, 'workspace') };
  const cacheDir = await makeCache(join(folder, 'cache'));
  const variables = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/root' };
  const log: string[] = [];
  const opened: ProviderInstance[] = [];
  const caches = new Set([cacheDir]);
  const context = (infra: string, cache = cacheDir): ProviderContext => ({
    config,
    workspace,
    infra,
    secrets: {},
    environment: variables,
    cacheDir: cache,
    log: (level, message) => log.push(`${level}: ${message}`),
    now: Date.now,
  });
  return {
    workspace,
    cacheDir,
    config,
    log,
    context,
    open: async (infra = 'demo', cache = cacheDir) => {
      const instance = await provider.init(context(infra, cache));
      opened.push(instance);
      caches.add(cache);
      return instance;
    },
    spec: (hostname, overrides = {}) => ({
      hostname,
      plan: 'small',
      cores: 1,
      memory: 256,
      disk: 10,
      zone: 'local',
      os: 'debian',
      ssh_public_keys: [],
      allowed_ports: [],
      time_zone: 'UTC',
      tags: {},
      extra: {},
      idempotency_key: `key-${hostname}`,
      ...overrides,
    }),
    [Symbol.asyncDispose]: async () => {
      await cleanEverything({ config, cacheDir, variables, workspace, images: false });
      for (const instance of opened) await instance.dispose();
      for (const cache of caches) await stopPrivateService({ cacheDir: cache });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A cache folder that shares only the built images with the user's own. */
export async function makeCache(folder: string): Promise<string> {
  const images = join(defaultCacheDir(process.env), 'images');
  await mkdir(images, { recursive: true });
  await mkdir(folder, { recursive: true });
  await symlink(images, join(folder, 'images'));
  return folder;
}
