import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { discardAside, stageExtension, swapIn } from '../extension/install.ts';
import { kindFolder } from '../extension/kind.ts';
import type { PackageManifest } from '../extension/package-manifest.ts';
import { readExtension } from '../extension/read.ts';
import { isEdited, readOrigin, treeDigest, writeOrigin } from '../extension/origin.ts';
import { RemotePlace } from './places.ts';
import type { ArtifactSession } from './session.ts';

export interface PullOptions {
  /** Folder in which the extension gets a folder of its name. Default: the workspace's extensions, else here. */
  readonly destination?: string;
  readonly workspacePath?: string;
  readonly cwd: string;
  /** Platform of the content, when there are several. */
  readonly platform?: string;
  readonly force?: boolean;
  readonly check?: boolean;
}

export interface PullResult {
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
  readonly path: string;
  readonly state: 'pulled' | 'current' | 'would-pull';
  readonly signedBy?: string;
  readonly manifest: PackageManifest;
}

/**
 * Fetches one extension without its dependencies and unpacks it (09 §7 `oci pull`).
 * @throws ProvisioningError `PATH_EXISTS` exit 1, `UNSIGNED_ARTIFACT` exit 4, `ARTIFACT_NOT_FOUND` exit 5.
 */
export async function pullExtension(
  session: ArtifactSession,
  reference: string,
  options: PullOptions,
): Promise<PullResult> {
  const located = await session.locate(reference);
  const source = located.place.source(located.repository);
  const stored = await readExtension(source, located.reference, {
    ...session.call,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    withContent: options.check !== true && located.place instanceof RemotePlace,
  });
  const { name, type } = stored.package;
  const parent =
    options.destination ??
    (options.workspacePath === undefined
      ? options.cwd
      : join(options.workspacePath, 'extensions', kindFolder(type)));
  const path = join(parent, name);
  const result = {
    reference: located.full,
    digest: stored.root.digest,
    size: stored.content.size,
    path,
    manifest: stored.package,
  };
  // What was checked is what is installed: from here on only the digest is used.
  const signedBy = await session.verify(source, stored.root, located.full);
  const signed = signedBy === undefined ? {} : { signedBy };
  if (await exists(path)) {
    const origin = await readOrigin(path);
    if (options.force !== true) {
      if (origin?.digest !== stored.root.digest)
        throw pathExists(path, 'its content differs from the artifact');
      if (await isEdited(path, origin)) throw pathExists(path, 'files in it were edited since it was pulled');
      return { ...result, ...signed, state: 'current' };
    }
  }
  if (options.check === true) return { ...result, ...signed, state: 'would-pull' };
  const staging = await stageExtension(source, stored, path, session.call);
  try {
    await writeOrigin(staging, {
      reference: located.full,
      digest: stored.root.digest,
      content: stored.content.digest,
      tree: await treeDigest(staging),
    });
    await session.rememberSigned(staging, {
      keyId: signedBy,
      reference: located.full,
      digest: stored.root.digest,
    });
    await discardAside(await swapIn(staging, path));
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  return { ...result, ...signed, state: 'pulled' };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function pathExists(path: string, hint: string): ProvisioningError {
  return new ProvisioningError({
    code: 'PATH_EXISTS',
    kind: 'conflict',
    message: `${path} exists; use --force`,
    hint,
  });
}
