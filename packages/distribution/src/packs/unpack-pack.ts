import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { stagingFolder, unpack } from '../archive/unpack.ts';
import { discardAside, swapIn } from '../extension/install.ts';
import type { PackageKind } from '../extension/kind.ts';
import type { PackageManifest } from '../extension/package-manifest.ts';
import { inspectArchive } from '../extension/read.ts';
import { listPacks, type PackMetadata, shortKinds } from './packs.ts';

export interface UnpackedPack {
  readonly manifest: PackageManifest;
  /** Of the archive, in hex. */
  readonly sha256: string;
}

/**
 * Puts the content of a pack at a folder, all or nothing; what was there before is replaced (06 §10.2).
 * @param file archive that `packOne` wrote. Where its metadata stand beside it, the digest has to be theirs.
 * @throws ProvisioningError `PACK_NOT_FOUND` exit 5; `PACK_DAMAGED`, `PACK_MISMATCH`, `NOT_AN_EXTENSION`, exit 1.
 */
export async function unpackPack(
  file: string,
  folder: string,
  expected: { readonly kind: PackageKind; readonly name: string },
): Promise<UnpackedPack> {
  const archive = await readFile(file).catch((error: unknown) => {
    throw new ProvisioningError({
      code: 'PACK_NOT_FOUND',
      kind: 'not-found',
      message: `${file} cannot be read`,
      hint: "Write it with 'provisioning pack', or see what there is: provisioning pack list",
      cause: error,
    });
  });
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const metadata = await metadataOf(file, expected);
  if (metadata !== undefined && metadata.sha256 !== sha256) {
    throw new ProvisioningError({
      code: 'PACK_DAMAGED',
      message: `${file} is not what was packed: its sha256 is ${sha256}, its metadata say ${metadata.sha256}`,
      hint: 'Fetch it again from where it was written.',
    });
  }
  const { package: manifest } = await inspectArchive(() => Readable.from([archive]), basename(file));
  if (manifest.name !== expected.name || manifest.type !== expected.kind) {
    throw new ProvisioningError({
      code: 'PACK_MISMATCH',
      message: `${file} holds ${manifest.type} '${manifest.name}', expected ${expected.kind} '${expected.name}'`,
    });
  }
  const staging = stagingFolder(folder);
  await unpack(Readable.from([archive]), staging);
  try {
    await discardAside(await swapIn(staging, folder));
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  return { manifest, sha256 };
}

/** File of one version in a folder of packs. @throws ProvisioningError `PACK_NOT_FOUND`, exit 5. */
export async function findPack(
  folder: string,
  wanted: { readonly kind: PackageKind; readonly name: string; readonly version: string },
): Promise<string> {
  const name = `${wanted.name}_${shortKinds[wanted.kind]}`;
  const packs = (await listPacks(folder)).filter((pack) => pack.name === name);
  const found = packs.find(({ version }) => version === wanted.version);
  if (found !== undefined) return join(folder, found.file);
  const known = packs.map(({ version }) => version).join(', ');
  throw new ProvisioningError({
    code: 'PACK_NOT_FOUND',
    kind: 'not-found',
    message: `${folder} has no pack ${wanted.name} ${wanted.version}`,
    hint:
      known === ''
        ? `Write one: provisioning pack ${wanted.kind} ${wanted.name}; or name a file: --from <file>`
        : `It has: ${known}`,
  });
}

/** Metadata that stand beside an archive and are about it. */
async function metadataOf(
  file: string,
  { kind, name }: { readonly kind: PackageKind; readonly name: string },
): Promise<PackMetadata | undefined> {
  const text = await readFile(join(dirname(file), `${name}_${shortKinds[kind]}.json`), 'utf8').catch(
    () => undefined,
  );
  if (text === undefined) return undefined;
  const metadata = JSON.parse(text) as PackMetadata;
  return metadata.package_file === basename(file) ? metadata : undefined;
}
