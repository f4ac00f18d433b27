import { ProvisioningError } from '@provisioning/extensions-sdk';
import { signArtifact, verifyArtifact } from '../signing/cosign.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isCosignKey, readSigningKey, readTrustedKeys } from '../signing/keys.ts';
import { signatureInvalid, unsigned } from '../signing/policy.ts';
import type { SigningProgram } from '../signing/program.ts';
import { LayoutPlace } from './places.ts';
import type { ArtifactSession, Located } from './session.ts';

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
  const located = await session.locate(reference);
  const target = located.place.target(located.repository);
  const root = await target.resolve(located.reference, session.call);
  const annotations = readAnnotations(options.annotations ?? []);
  const key = await signStored(session, located, root, {
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(options.check === undefined ? {} : { check: options.check }),
  });
  return { reference: located.full, digest: root.digest, key };
}

/**
 * Signs a manifest that is in a repository, the built-in way or through the program of `oci.signing.tool`. A key that
 * cosign encrypted is always left to cosign.
 * @returns id of the key.
 * @throws ProvisioningError `NO_SIGNING_KEY`, `INVALID_KEY`, exit 3; `SIGNING_FAILED`, `SIGNING_TOOL_MISSING`, exit 1.
 */
export async function signStored(
  session: ArtifactSession,
  { place, repository }: Pick<Located, 'place' | 'repository'>,
  root: Descriptor,
  options: {
    readonly keyFile?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly check?: boolean;
  },
): Promise<string> {
  const { keyFile, annotations, check } = options;
  const name = `${place.name}/${repository}`;
  const more = { ...session.call, ...(annotations === undefined ? {} : { annotations }) };
  const program = place instanceof LayoutPlace ? undefined : await signerFor(session, keyFile);
  if (program !== undefined) {
    await program.program();
    if (check === true) return keyFile ?? program.tool;
    return program.sign(name, root, { ...more, ...(keyFile === undefined ? {} : { key: keyFile }) });
  }
  if (keyFile === undefined) throw noSigningKey();
  const key = await readSigningKey(keyFile);
  if (check !== true) await signArtifact(place.target(repository), root, name, key, more);
  return key.id;
}

async function signerFor(
  session: ArtifactSession,
  keyFile: string | undefined,
): Promise<SigningProgram | undefined> {
  if (session.signer !== undefined) return session.signer;
  return keyFile !== undefined && (await isCosignKey(keyFile)) ? session.signingProgram('cosign') : undefined;
}

function noSigningKey(): ProvisioningError {
  return new ProvisioningError({
    code: 'NO_SIGNING_KEY',
    kind: 'configuration',
    message: 'No signing key configured (oci.signing.key_path)',
    hint: 'name a key with --key; one is made by: openssl genpkey -algorithm ed25519 -out signing.pem',
  });
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
  const files = keyFiles.length > 0 ? keyFiles : session.settings.signing.publicKeys;
  const keys = session.signer === undefined ? await readTrustedKeys(files) : undefined;
  const located = await session.locate(reference);
  const source = located.place.target(located.repository);
  const root = await source.resolve(located.reference, session.call);
  const verification =
    (await session.signer?.check(root, located.full, session.call, keyFiles)) ??
    (await verifyArtifact(source, root, keys ?? (await readTrustedKeys(files)), session.call));
  if (verification.state === 'signed')
    return { reference: located.full, digest: root.digest, key: verification.keyId };
  throw verification.state === 'unsigned'
    ? unsigned(located.full)
    : signatureInvalid(located.full, verification.reason);
}
