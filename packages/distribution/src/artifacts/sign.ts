import { ProvisioningError } from '@provisioning/extensions-sdk';
import { signArtifact, verifyArtifact } from '../signing/cosign.ts';
import { readSigningKey, readTrustedKeys } from '../signing/keys.ts';
import { signatureInvalid, unsigned } from '../signing/policy.ts';
import type { ArtifactSession } from './session.ts';

function readAnnotations(pairs: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new ProvisioningError({
        code: 'INVALID_ANNOTATION',
        kind: 'usage',
        message: `--annotation expects k=v, not ${pair}`,
      });
    }),
  );
}

/** Signs what a reference names now (09 §8). The tag is resolved once; the signature is over the digest. */
export async function signReference(
  session: ArtifactSession,
  reference: string,
  options: { readonly keyFile?: string; readonly annotations?: readonly string[]; readonly check?: boolean },
): Promise<{ readonly reference: string; readonly digest: string; readonly key: string }> {
  const keyFile = options.keyFile ?? session.settings.signing.keyPath;
  if (keyFile === undefined) {
    throw new ProvisioningError({
      code: 'NO_SIGNING_KEY',
      kind: 'configuration',
      message: 'No signing key configured (oci.signing.key_path)',
      hint: 'name a key with --key',
    });
  }
  const key = await readSigningKey(keyFile);
  const located = await session.locate(reference);
  const target = located.place.target(located.repository);
  const root = await target.resolve(located.reference, session.call);
  const annotations = readAnnotations(options.annotations ?? []);
  if (options.check !== true) {
    await signArtifact(target, root, `${located.place.name}/${located.repository}`, key, {
      ...session.call,
      ...(annotations === undefined ? {} : { annotations }),
    });
  }
  return { reference: located.full, digest: root.digest, key: key.id };
}

/**
 * Checks the signature of what a reference names (09 §8).
 * @throws ProvisioningError `UNSIGNED_ARTIFACT`, `SIGNATURE_INVALID`, exit 4; `NO_TRUSTED_KEYS`, exit 3.
 */
export async function verifyReference(
  session: ArtifactSession,
  reference: string,
  keyFiles: readonly string[],
): Promise<{ readonly reference: string; readonly digest: string; readonly key: string }> {
  const keys = await readTrustedKeys(keyFiles.length > 0 ? keyFiles : session.settings.signing.publicKeys);
  const located = await session.locate(reference);
  const source = located.place.target(located.repository);
  const root = await source.resolve(located.reference, session.call);
  const verification = await verifyArtifact(source, root, keys, session.call);
  if (verification.state === 'signed')
    return { reference: located.full, digest: root.digest, key: verification.keyId };
  throw verification.state === 'unsigned'
    ? unsigned(located.full)
    : signatureInvalid(located.full, verification.reason);
}
