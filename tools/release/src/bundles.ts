import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BundleEntry,
  checkBundle,
  type CompatibilityMatrix,
  digestOf,
  DockerCredentials,
  dockerConfigPath,
  fromBytes,
  RegistryClient,
  RemoteRepository,
} from '@provisioning/distribution';
import { parse } from 'smol-toml';
import type { ReleaseConfig } from './config.ts';
import type { ReleasesFolder } from './release-folder.ts';
import type { Check, DistCheck } from './tried-completely.ts';
import { TriedInstallation } from './tried-installation.ts';
import { workWith } from './tried-integration.ts';

export interface BundleWork {
  readonly root: string;
  readonly folder: ReleasesFolder;
  /** `compatibility.toml`, which has the bundles. */
  readonly matrixFile: string;
  readonly say: (line: string) => void;
}

/** What became of trying a bundle or a pair of versions. */
export interface TriedVersions {
  readonly passed: boolean;
  readonly checks: readonly DistCheck[];
}

async function bundleIn(
  matrixFile: string,
  id: string,
): Promise<{ readonly matrix: CompatibilityMatrix; readonly bundle: BundleEntry }> {
  const matrix = parse(await readFile(matrixFile, 'utf8')) as unknown as CompatibilityMatrix;
  const bundle = matrix.bundles?.[id];
  if (bundle === undefined)
    throw new Error(
      `No bundle ${id} in ${matrixFile}; there is: ${Object.keys(matrix.bundles ?? {}).join(', ') || 'none'}`,
    );
  return { matrix, bundle };
}

/** Keeps what became of each step and says it. */
function recorder(say: (line: string) => void): { readonly checks: DistCheck[]; readonly check: Check } {
  const checks: DistCheck[] = [];
  const check: Check = async (name, work) => {
    const outcome = await work().then(
      (): DistCheck => ({ name, status: 'passed' }),
      (error: unknown): DistCheck => ({
        ...{ name, status: 'failed' },
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    checks.push(outcome);
    say(`${outcome.status} ${name}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`);
  };
  return { checks, check };
}

/** `test-integration` (11 §2): one core with one platform, worked with. */
export async function testIntegration(
  { root, folder, say }: Pick<BundleWork, 'root' | 'folder' | 'say'>,
  { core, platform }: { readonly core: string; readonly platform: string },
): Promise<TriedVersions> {
  const { checks, check } = recorder(say);
  let installation: TriedInstallation | undefined;
  await check(`core ${core} with platform ${platform}`, async () => {
    installation = await TriedInstallation.fromReleases(root, folder.path, ['--packages', 'core'], core);
    await installation.run('install', `platform@${platform}`, '--yes');
  });
  if (installation !== undefined) await workWith(installation, check);
  return { passed: checks.every(({ status }) => status !== 'failed'), checks };
}

/**
 * `test-bundle` (11 §2): its versions together, and the way to it from the bundle that is published as stable. The report
 * is kept beside the releases; `publish-bundle` asks for it.
 */
export async function testBundle(work: BundleWork, id: string): Promise<TriedVersions> {
  const { root, folder, matrixFile, say } = work;
  const { matrix, bundle } = await bundleIn(matrixFile, id);
  checkBundle(matrix, bundle);
  const { checks } = await testIntegration(work, bundle);
  const stable = (await folder.index()).pointers?.['stable'];
  const before = stable === undefined ? undefined : (await folder.index()).bundles?.[stable];
  const all = [...checks];
  if (before === undefined || stable === id)
    all.push({ name: 'upgrade', status: 'skipped', reason: 'no bundle is published as stable' });
  else {
    const { checks: more, check } = recorder(say);
    await check(`upgrade from ${stable!}`, async () => {
      const words = ['--packages', 'core'];
      const installation = await TriedInstallation.fromReleases(root, folder.path, words, before.core);
      try {
        await installation.run('install', `platform@${before.platform}`, '--yes');
        await installation.run('upgrade', '--version', bundle.core, '--allow-downgrade', '--yes');
        const said = (await installation.run('--version')).trim();
        if (said !== bundle.core) throw new Error(`--version says ${said}, not ${bundle.core}`);
      } finally {
        await installation.remove();
      }
    });
    all.push(...more);
  }
  const report = { passed: all.every(({ status }) => status !== 'failed'), checks: all };
  await mkdir(join(folder.path, 'bundles'), { recursive: true });
  const text = { id, bundle, ...report };
  await writeFile(join(folder.path, 'bundles', `${id}.json`), `${JSON.stringify(text, undefined, 2)}\n`);
  return report;
}

/**
 * `publish-bundle` (11 §2): into the index of the releases, with the pointer that people follow, and to the OCI registry.
 * @throws Error for a bundle that is incompatible or was not tested as it is.
 * @returns what was done.
 */
export async function publishBundle(
  { folder, matrixFile }: BundleWork,
  id: string,
  options: {
    readonly archive: string;
    readonly oci?: ReleaseConfig['oci'];
    readonly environment: NodeJS.ProcessEnv;
  },
): Promise<readonly string[]> {
  const { matrix, bundle } = await bundleIn(matrixFile, id);
  checkBundle(matrix, bundle);
  const record = join(folder.path, 'bundles', `${id}.json`);
  const tested = await readFile(record, 'utf8').then(
    (text) => JSON.parse(text) as { readonly passed?: boolean; readonly bundle?: BundleEntry },
    () => undefined,
  );
  if (tested?.passed !== true || JSON.stringify(tested.bundle) !== JSON.stringify(bundle))
    throw new Error(`Bundle ${id} has not passed its test (${record}): npm run test-bundle -- ${id}`);
  const content = await readFile(options.archive).catch(() => {
    throw new Error(`${options.archive} is missing: npm run create-bundle makes it`);
  });
  const done: string[] = [];
  if (options.oci !== undefined) {
    await pushBundle(id, content, options.oci, options.environment);
    done.push(`${options.oci.registry}/provisioning-bundle:${id}`);
  }
  await copyFile(options.archive, join(folder.path, 'bundles', `provisioning-bundle-${id}.tar.gz`));
  const pointer = bundle['lts-until'] === undefined ? 'stable' : 'lts';
  await folder.addBundle(id, bundle, pointer);
  return [...done, `${pointer} is ${id}`];
}

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  artifact: 'application/vnd.provisioning.bundle.v1+json',
} as const;

async function pushBundle(
  id: string,
  content: Buffer,
  oci: NonNullable<ReleaseConfig['oci']>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const client = new RegistryClient(oci.registry, {
    credentials: new DockerCredentials(dockerConfigPath(environment), environment),
    ...(oci.plain_http === undefined ? {} : { plainHttp: oci.plain_http }),
  });
  const remote = new RemoteRepository(client, 'provisioning-bundle');
  const push = async (mediaType: string, bytes: Buffer) => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    if (!(await remote.exists(descriptor))) await remote.push(descriptor, fromBytes(bytes));
    return descriptor;
  };
  const config = await push(mediaTypes.empty, Buffer.from('{}'));
  const layer = await push(mediaTypes.layer, content);
  const title = { 'org.opencontainers.image.title': `provisioning-bundle-${id}.tar.gz` };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.artifact,
    config,
    layers: [{ ...layer, annotations: title }],
  };
  await remote.tag(await push(mediaTypes.manifest, Buffer.from(JSON.stringify(manifest))), id);
}
