import { writeFileAtomic } from '@provisioning/core';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type PackageKind, readKind } from '../extension/kind.ts';
import { isDigest } from '../oci/digest.ts';

/** One installed version and where it came from (09 §10). */
export interface LockedPackage {
  readonly name: string;
  readonly kind: PackageKind;
  readonly version: string;
  /** Named by the workspace itself, not only by another package. */
  readonly requested: boolean;
  readonly reference: string;
  /** Digest of the artifact's manifest. */
  readonly digest: string;
  /** Digest of the unpacked files. */
  readonly integrity: string;
  readonly signed_by: string | null;
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface LockFile {
  readonly version: 1;
  readonly config_hash: string;
  readonly core?: string;
  readonly packages: readonly LockedPackage[];
}

/** `<ws>/config/extensions.lock.yaml`, tracked in git. */
export function lockPath(workspacePath: string): string {
  return join(workspacePath, 'config', 'extensions.lock.yaml');
}

function unreadable(path: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'LOCK_INVALID',
    kind: 'configuration',
    message: `${path}: ${reason}`,
    hint: 'restore the file from git, or delete it and run "provisioning dep resolve"',
    location: { file: path },
  });
}

/** The lock of a workspace, `undefined` when there is none. @throws ProvisioningError `LOCK_INVALID`, exit 3. */
export async function readLock(workspacePath: string): Promise<LockFile | undefined> {
  const path = lockPath(workspacePath);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw unreadable(path, (error as Error).message.split('\n')[0]!);
  }
  const lock = value as LockFile | null;
  if (lock?.version !== 1 || typeof lock.config_hash !== 'string' || !Array.isArray(lock.packages)) {
    throw unreadable(path, 'not a lock file of version 1');
  }
  for (const [index, entry] of lock.packages.entries()) {
    const valid =
      typeof entry?.name === 'string' &&
      readKind(String(entry.kind)) === entry.kind &&
      typeof entry.version === 'string' &&
      typeof entry.reference === 'string' &&
      isDigest(entry.digest) &&
      typeof entry.dependencies === 'object';
    if (!valid) throw unreadable(path, `packages[${index}] is damaged`);
  }
  return lock;
}

/** What the lock says of one extension. @throws ProvisioningError `DEPENDENCY_NOT_FOUND`, exit 5. */
export function lockedPackage(lock: Pick<LockFile, 'packages'> | undefined, name: string): LockedPackage {
  const entry = lock?.packages.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  throw new ProvisioningError({
    code: 'DEPENDENCY_NOT_FOUND',
    kind: 'not-found',
    message: `Dependency not found: ${name}`,
    hint: `the lock has ${lock?.packages.map((one) => one.name).join(', ') || 'nothing'}`,
  });
}

/** The text of a lock: sorted, without times, one line of change for one change. */
export async function formatLock(lock: LockFile): Promise<string> {
  const { stringify } = await import('yaml');
  const packages = [...lock.packages].sort((a, b) =>
    `${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1,
  );
  const sorted = {
    version: 1,
    config_hash: lock.config_hash,
    ...(lock.core === undefined ? {} : { core: lock.core }),
    packages: packages.map((entry) => ({
      name: entry.name,
      kind: entry.kind,
      version: entry.version,
      requested: entry.requested,
      reference: entry.reference,
      digest: entry.digest,
      integrity: entry.integrity,
      signed_by: entry.signed_by,
      dependencies: Object.fromEntries(
        Object.entries(entry.dependencies).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    })),
  };
  return `# Written by "provisioning dep resolve"; keep it in version control.\n${stringify(sorted, { lineWidth: 0 })}`;
}

export async function writeLock(workspacePath: string, text: string): Promise<void> {
  const path = lockPath(workspacePath);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, text, 0o644);
}
