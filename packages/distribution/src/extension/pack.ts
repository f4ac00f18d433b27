import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { collectFiles, packageFiles } from '../archive/collect.ts';
import { gzip } from '../archive/gzip.ts';
import { writeTar } from '../archive/tar-writer.ts';
import { type Descriptor, describe } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { MemoryTarget } from '../oci/memory.ts';
import { canonicalJson } from './canonical-json.ts';
import { annotations, artifactTypes, extensionConfigType, extensionContentType } from './media-types.ts';
import { manifestError, type PackageManifest, readPackageManifest } from './package-manifest.ts';

/** A packed extension: one compressed archive and its manifest. */
export interface ExtensionPackage {
  readonly manifest: PackageManifest;
  /** `<name>-<version>.tar.gz`. */
  readonly fileName: string;
  readonly archive: Buffer;
  readonly digest: Digest;
  /** Digest of the archive before compression. */
  readonly contentDigest: Digest;
}

export interface PackOptions {
  /** Reads the manifest of the folder. Default: `manifest.yaml` alone. */
  readonly readManifest?: (folder: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Seconds since the epoch for every entry: `SOURCE_DATE_EPOCH`. Default 0. */
  readonly modified?: number;
}

async function readManifestFile(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import('yaml');
  let text: string;
  try {
    text = await readFile(join(folder, 'manifest.yaml'), 'utf8');
  } catch (error) {
    throw new ProvisioningError({
      code: 'MANIFEST_MISSING',
      kind: 'configuration',
      message: `No extension manifest found in ${folder}`,
      hint: 'an extension is a folder with a manifest.yaml',
      cause: error,
    });
  }
  try {
    return parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw manifestError('manifest', (error as Error).message.split('\n')[0]!);
  }
}

/**
 * Packs the folder of an extension: equal content gives an equal digest (09 §3).
 * @throws ProvisioningError `MANIFEST_MISSING`, `MANIFEST_INVALID`, `SECRET_FOUND`, `UNSAFE_ARCHIVE`.
 */
export async function packExtension(folder: string, options: PackOptions = {}): Promise<ExtensionPackage> {
  const manifest = readPackageManifest(await (options.readManifest ?? readManifestFile)(folder));
  const files = [...collectFiles(folder, packageFiles(manifest))];
  if (!files.some(({ path }) => path === 'manifest.yaml')) {
    // A folder with an older manifest alone: whoever installs the package reads the form of today.
    const { stringify } = await import('yaml');
    const content = Buffer.from(stringify(manifest, { lineWidth: 0, sortMapEntries: true }));
    files.push({ path: 'manifest.yaml', content, executable: false });
  }
  files.push({
    path: 'oci-manifest.json',
    content: Buffer.from(
      `${canonicalJson({ artifactType: artifactTypes.extension, annotations: describeManifest(manifest) })}\n`,
    ),
    executable: false,
  });
  const plain = writeTar(files, options.modified);
  const archive = gzip(plain);
  return {
    manifest,
    fileName: `${manifest.name}-${manifest.version}.tar.gz`,
    archive,
    digest: digestOf(archive),
    contentDigest: digestOf(plain),
  };
}

/** OCI annotations that say what the manifest says; absent values are left out (09 §4). */
export function describeManifest(manifest: PackageManifest): Readonly<Record<string, string>> {
  const { compatibility, documentation } = manifest as PackageManifest & { readonly documentation?: string };
  const support = manifest['support'] as { readonly documentation?: string } | undefined;
  const values: Readonly<Record<string, string | undefined>> = {
    [annotations.title]: manifest.name,
    [annotations.version]: manifest.version,
    [annotations.description]: manifest.description,
    [annotations.authors]: manifest.author,
    [annotations.licenses]: manifest.license,
    [annotations.url]: manifest.homepage,
    [annotations.source]: manifest.repository,
    [annotations.documentation]: support?.documentation ?? documentation,
    [annotations.kind]: manifest.type,
    [annotations.minCore]: manifest.min_provisioning_version ?? compatibility?.provisioning,
    [annotations.platforms]: manifest.platforms?.join(','),
    [annotations.tags]: manifest.tags?.join(','),
    [annotations.category]: manifest.category,
  };
  const present = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  );
  return Object.fromEntries(present.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The OCI artifact of a package, in memory and ready to be copied anywhere (09 §4).
 * @param extra annotations beyond those of the manifest, such as `created` and `revision`.
 */
export function encodeExtension(
  packed: ExtensionPackage,
  extra: Readonly<Record<string, string>> = {},
): { readonly target: MemoryTarget; readonly root: Descriptor } {
  const target = new MemoryTarget();
  const configBytes = Buffer.from(canonicalJson(packed.manifest));
  const config = describe(extensionConfigType, configBytes);
  target.add(config, configBytes);
  const layer: Descriptor = {
    ...describe(extensionContentType, packed.archive),
    annotations: { [annotations.title]: packed.fileName, [annotations.content]: packed.contentDigest },
  };
  target.add(layer, packed.archive);
  const bytes = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    artifactType: artifactTypes.extension,
    config,
    layers: [layer],
    annotations: { ...describeManifest(packed.manifest), ...extra },
  });
  const root = describe(mediaTypes.imageManifest, bytes);
  target.add(root, bytes);
  return { target, root };
}
