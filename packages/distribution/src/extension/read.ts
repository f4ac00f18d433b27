import type { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { decompressed } from '../archive/gzip.ts';
import { readTar } from '../archive/tar-reader.ts';
import { safePath } from '../archive/unpack.ts';
import { fetchBytes, fetchManifest } from '../oci/content.ts';
import { selectPlatform } from '../oci/copy.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Manifest, parseUntrustedJson } from '../oci/manifest.ts';
import type { CallOptions, Source } from '../oci/target.ts';
import { annotations, artifactTypes, extensionConfigType } from './media-types.ts';
import { type PackageManifest, readPackageManifest } from './package-manifest.ts';

/** An extension as it lies in a registry or layout. */
export interface StoredExtension {
  /** The OCI manifest: what a tag or a lock entry names. */
  readonly root: Descriptor;
  readonly manifest: Manifest;
  /** The archive. */
  readonly content: Descriptor;
  readonly package: PackageManifest;
}

/** Archives up to this size are fetched beside what describes them when both will be needed. */
const smallContent = 1024 * 1024;
const maxArchives = 1;
const maxManifestFile = 1024 * 1024;

function notAnExtension(reference: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_AN_EXTENSION',
    message: `${reference} is not a provisioning extension: ${reason}`,
    hint: `an extension has the artifact type ${artifactTypes.extension}, or one *.tar.gz with a manifest.yaml`,
  });
}

/**
 * Reads what an extension is without its content: only the manifest and the config blob are fetched (09 §4). Artifacts
 * that were pushed by other tools have no config; of those the archive is opened.
 * @param options `withContent` brings a small archive into the cache of the source meanwhile.
 * @throws ProvisioningError `NOT_AN_EXTENSION`, `MANIFEST_INVALID`, `PLATFORM_NOT_FOUND`.
 */
export async function readExtension(
  source: Source,
  reference: string,
  options: CallOptions & { readonly platform?: string; readonly withContent?: boolean } = {},
): Promise<StoredExtension> {
  const named = await source.resolve(reference, options);
  const root = await selectPlatform(source, named, options.platform ?? hostPlatform(), options);
  const manifest = await fetchManifest(source, root, options);
  if (manifest.kind !== 'manifest') throw notAnExtension(reference, 'it is an index within an index');
  const content = findContent(manifest, reference);
  if (
    manifest.artifactType === artifactTypes.extension &&
    manifest.config.mediaType === extensionConfigType
  ) {
    const [bytes] = await Promise.all([
      fetchBytes(source, manifest.config, options),
      // Content that waits in the cache is not asked for again; why it cannot be had is said where it is needed.
      options.withContent === true && content.size <= smallContent
        ? source.fetch(content, options).then(
            (stream) => stream.destroy(),
            () => undefined,
          )
        : undefined,
    ]);
    return { root, manifest, content, package: readPackageManifest(parseUntrustedJson(bytes)) };
  }
  return { root, manifest, content, package: await readFromArchive(source, content, reference, options) };
}

/** Platform of this machine in OCI's words. */
export function hostPlatform(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const architecture = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
  return `${os}/${architecture}`;
}

function findContent(manifest: Manifest, reference: string): Descriptor {
  const archives = manifest.layers.filter(
    (layer) =>
      layer.mediaType.endsWith('+gzip') ||
      /\.(?:tar\.gz|tgz|tar)$/.test(layer.annotations?.[annotations.title] ?? ''),
  );
  if (archives.length !== maxArchives) throw notAnExtension(reference, `it has ${archives.length} archives`);
  return archives[0]!;
}

async function readFromArchive(
  source: Source,
  content: Descriptor,
  reference: string,
  options: CallOptions,
): Promise<PackageManifest> {
  const stream = await source.fetch(content, options);
  try {
    for await (const item of readTar(decompressed(stream))) {
      if (item.type !== 'file' || safePath(item.path) !== 'manifest.yaml' || item.size > maxManifestFile)
        continue;
      const parts: Buffer[] = [];
      for await (const chunk of item.body) parts.push(chunk);
      const { parse } = await import('yaml');
      return readPackageManifest(parse(Buffer.concat(parts).toString('utf8')));
    }
  } finally {
    stream.destroy();
  }
  throw notAnExtension(reference, 'its archive has no manifest.yaml');
}

/** Everything about a local archive: its manifest and its files (09 §7 `oci inspect-artifact`). */
export async function inspectArchive(
  open: () => Readable,
  name: string,
): Promise<{
  readonly package: PackageManifest;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}> {
  const files: { path: string; size: number }[] = [];
  let manifest: PackageManifest | undefined;
  for await (const item of readTar(decompressed(open()))) {
    if (item.type === 'directory') continue;
    const path = safePath(item.path);
    files.push({ path, size: item.size });
    if (path !== 'manifest.yaml' || item.size > maxManifestFile) continue;
    const parts: Buffer[] = [];
    for await (const chunk of item.body) parts.push(chunk);
    const { parse } = await import('yaml');
    manifest = readPackageManifest(parse(Buffer.concat(parts).toString('utf8')));
  }
  if (manifest === undefined) throw notAnExtension(name, 'the archive has no manifest.yaml');
  return { package: manifest, files };
}
