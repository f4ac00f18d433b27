import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import {
  type ExtensionPackage,
  encodeExtension,
  packExtension,
  type PackOptions,
} from '../extension/pack.ts';
import { annotations } from '../extension/media-types.ts';
import { inspectArchive } from '../extension/read.ts';
import { copy } from '../oci/copy.ts';
import { fetchManifest } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { Target } from '../oci/target.ts';
import { versionToTag } from '../oci/reference.ts';
import { modeRules } from '../signing/policy.ts';
import { gunzipSync } from 'node:zlib';
import { LayoutPlace } from './places.ts';
import { signStored } from './sign.ts';
import { type ArtifactSession, tagsOrNone } from './session.ts';

export interface PushOptions extends PackOptions {
  readonly path: string;
  /** Must equal the manifest when given. */
  readonly name?: string;
  readonly version?: string;
  readonly sign?: boolean;
  readonly keyFile?: string;
  readonly force?: boolean;
  /** Move the tag `latest` too. */
  readonly latest?: boolean;
  /** Checks the folder or archive by the rules of 09 §3 before anything is sent; throws when it breaks one. */
  readonly validate?: (path: string) => Promise<void>;
  /** Pack and compare, change nothing. */
  readonly check?: boolean;
}

export interface PushResult {
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
  /** What happened: `unchanged` when the same content was there already. */
  readonly state: 'pushed' | 'unchanged' | 'replaced' | 'would-push';
  readonly signedBy?: string;
}

/** A package from the folder of an extension, or from an archive that was built before. */
export async function loadPackage(path: string, options: PackOptions = {}): Promise<ExtensionPackage> {
  const details = await stat(path).catch((error: unknown) => {
    throw new ProvisioningError({
      code: 'PATH_NOT_FOUND',
      kind: 'not-found',
      message: `${path} does not exist`,
      hint: 'name the folder of an extension, or an archive made by "oci package"',
      cause: error,
    });
  });
  if (details.isDirectory()) return packExtension(path, options);
  return readPackageArchive(await readFile(path), basename(path));
}

/** A package from the bytes of its archive. @throws ProvisioningError `NOT_AN_EXTENSION`, `UNSAFE_ARCHIVE`. */
export async function readPackageArchive(archive: Buffer, name: string): Promise<ExtensionPackage> {
  const { package: manifest } = await inspectArchive(() => Readable.from([archive]), name);
  const plain = archive[0] === 0x1f && archive[1] === 0x8b ? gunzipSync(archive) : archive;
  return {
    manifest,
    fileName: `${manifest.name}-${manifest.version}.tar.gz`,
    archive,
    digest: digestOf(archive),
    contentDigest: digestOf(plain),
  };
}

/**
 * Publishes an extension (09 §7 `oci push`). The manifest is written last, so its tag never points to missing content.
 * @throws ProvisioningError `NAME_MISMATCH`, exit 2; `VERSION_EXISTS`, `KIND_MISMATCH`, exit 1.
 */
export async function pushExtension(session: ArtifactSession, options: PushOptions): Promise<PushResult> {
  await session.external?.program();
  const packed = await loadPackage(options.path, options);
  const { name, version, type } = packed.manifest;
  if ((options.name ?? name) !== name || (options.version ?? version) !== version) {
    throw new ProvisioningError({
      code: 'NAME_MISMATCH',
      kind: 'usage',
      message: `Manifest says ${name} ${version}, not ${options.name ?? name} ${options.version ?? version}`,
      hint: 'change the manifest, or push under the name and version it has',
    });
  }
  const rules = modeRules[session.settings.mode];
  const keyFile = options.keyFile ?? session.settings.signing.keyPath;
  const mustSign = options.sign === true || rules.mustSign;
  const outside = session.signer !== undefined && !(session.place() instanceof LayoutPlace);
  if (mustSign && keyFile === undefined && !outside) throw noSigningKey(session.settings.mode);
  if (options.force === true && !rules.overwriteAllowed) throw overwriteRefused(session.settings.mode);

  const place = session.place();
  const base = `${session.settings.namespaces.extensions}/${name}`;
  const target = place.target(base);
  // The registry answers while the folder is checked; what is wrong with the folder comes first.
  const listed = tagsOrNone(target, session.call);
  listed.catch(() => undefined);
  await options.validate?.(options.path);
  const tags = await listed;
  const tag = versionToTag(version);
  const full = `${place.name}/${base}:${tag}`;
  await checkKind(target, tags, type, base, session);
  const { target: memory, root } = encodeExtension(packed);
  const before = tags.includes(tag) ? await target.resolve(tag, session.call) : undefined;
  const same = before !== undefined && (await holdsContent(target, before, packed, session));
  if (before !== undefined && !same && options.force !== true) throw versionExists(full);
  const size = packed.archive.length;
  if (options.check === true)
    return { reference: full, digest: root.digest, size, state: same ? 'unchanged' : 'would-push' };
  const stored = same ? before : root;
  if (!same) {
    await memory.tag(root, tag);
    const { external } = session;
    if (external === undefined || place instanceof LayoutPlace)
      await copy(memory, tag, target, tag, {
        ...session.call,
        concurrency: session.settings.concurrency,
        fresh: before === undefined,
      });
    else await external.push(memory, root, { host: place.name, repository: base, tag }, session.call);
  }
  if (options.latest === true) await target.tag(stored, 'latest', session.call);
  const signedBy = mustSign
    ? await signStored(session, { place, repository: base }, stored, keyFile === undefined ? {} : { keyFile })
    : undefined;
  return {
    reference: full,
    digest: stored.digest,
    size,
    state: same ? 'unchanged' : before === undefined ? 'pushed' : 'replaced',
    ...(signedBy === undefined ? {} : { signedBy }),
  };
}

/** Whether a tag has the same content, whatever compressed it. */
async function holdsContent(
  target: Target,
  stored: Descriptor,
  packed: ExtensionPackage,
  session: ArtifactSession,
): Promise<boolean> {
  const manifest = await fetchManifest(target, stored, session.call);
  if (manifest.kind !== 'manifest') return false;
  return manifest.layers.some(
    (layer) =>
      layer.digest === packed.digest || layer.annotations?.[annotations.content] === packed.contentDigest,
  );
}

/** One repository holds one kind (09 §1). */
async function checkKind(
  target: Target,
  tags: readonly string[],
  kind: string,
  repository: string,
  session: ArtifactSession,
): Promise<void> {
  const first = tags.find((tag) => !tag.startsWith('sha256-'));
  if (first === undefined) return;
  const manifest = await fetchManifest(target, await target.resolve(first, session.call), session.call);
  const held = manifest.annotations?.[annotations.kind];
  if (held === undefined || held === kind) return;
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  throw new ProvisioningError({
    code: 'KIND_MISMATCH',
    kind: 'conflict',
    message: `Repository ${repository} already holds a ${held}; push as ${name}-${kind}`,
    hint: 'extensions of two kinds need two names in the registry',
  });
}

function versionExists(full: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VERSION_EXISTS',
    kind: 'conflict',
    message: `${full} already exists; versions are immutable`,
    hint: 'raise the version in manifest.yaml',
  });
}

function noSigningKey(mode: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NO_SIGNING_KEY',
    kind: 'configuration',
    message: `Artifacts must be signed in ${mode} mode and no key is configured (oci.signing.key_path)`,
    hint: 'name a key with --key, or set oci.signing.key_path',
  });
}

function overwriteRefused(mode: string): ProvisioningError {
  return new ProvisioningError({
    code: 'OVERWRITE_REFUSED',
    kind: 'permission',
    message: `--force is not allowed in ${mode} mode`,
    hint: 'publish a new version',
  });
}
