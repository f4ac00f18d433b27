import type { ExtensionPackage } from '../../extension/pack.ts';
import { encodeExtension } from '../../extension/pack.ts';
import type { PackageKind } from '../../extension/kind.ts';
import { readExtension, type StoredExtension } from '../../extension/read.ts';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Source } from '../../oci/target.ts';

/** One version of a package, found and described without its content. */
export interface Candidate {
  readonly stored: StoredExtension;
  readonly source: Source;
  /** Where it comes from, for the lock. */
  readonly reference: string;
  readonly repository: string;
  /** `community` is asked about before it is installed (09 §12). */
  readonly channel?: string;
  /** Signed by this key; checked where it was fetched. */
  readonly signedBy?: string;
  /** Completes the unpacked folder before it is put in its place. */
  readonly complete?: (folder: string) => Promise<void>;
}

/** Where the versions of one package are. */
export interface Origin {
  readonly versions: readonly string[];
  candidate(version: string): Promise<Candidate>;
}

/** A source that has nothing of a name. */
export function emptyOrigin(name: string): Origin {
  return { versions: [], candidate: (version) => Promise.reject(missing(name, version)) };
}

/** An origin of one version that is here already. */
export function single(candidate: Candidate): Origin {
  return {
    versions: [candidate.stored.package.version],
    candidate: () => Promise.resolve(candidate),
  };
}

/** A package in memory as a candidate: the same artifact that a push of it would make. */
export async function packedCandidate(
  packed: ExtensionPackage,
  reference: string,
  more: Pick<Candidate, 'channel' | 'complete' | 'signedBy'> = {},
): Promise<Candidate> {
  const { target, root } = encodeExtension(packed);
  const stored = await readExtension(target, root.digest);
  return { stored, source: target, repository: packed.manifest.name, reference, ...more };
}

/** Refuses content that is not what its reference calls it. @throws ProvisioningError `NAME_MISMATCH`. */
export function expectPackage(
  { stored }: Candidate,
  wanted: { readonly kind?: PackageKind; readonly name?: string },
  reference: string,
): void {
  const { type, name } = stored.package;
  if ((wanted.kind ?? type) === type && (wanted.name ?? name) === name) return;
  throw new ProvisioningError({
    code: 'NAME_MISMATCH',
    message: `${reference} holds ${type}/${name}, not ${wanted.kind ?? type}/${wanted.name ?? name}`,
    hint: 'check the reference; nothing was installed',
  });
}

export function missing(name: string, version: string): ProvisioningError {
  return new ProvisioningError({
    code: 'ARTIFACT_NOT_FOUND',
    kind: 'not-found',
    message: `Artifact not found: ${name}:${version}`,
  });
}
