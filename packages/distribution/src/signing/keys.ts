import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** A public key that signatures are checked with. */
export interface TrustedKey {
  /** First 16 hexadecimal digits of the SHA-256 of the key (DER, SPKI). */
  readonly id: string;
  readonly key: KeyObject;
  /** Where it was read. */
  readonly file: string;
}

/** A private key that signs: ECDSA P-256 or Ed25519 (09 §8). */
export interface SigningKey {
  readonly id: string;
  readonly key: KeyObject;
}

export function keyId(key: KeyObject): string {
  const spki = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(spki.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

function invalid(file: string, reason: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_KEY',
    kind: 'configuration',
    message: `${file}: ${reason}`,
    location: { file },
    ...(hint === undefined ? {} : { hint }),
  });
}

function checkAlgorithm(key: KeyObject, file: string): void {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ed25519' || (key.asymmetricKeyType === 'ec' && curve === 'prime256v1'))
    return;
  throw invalid(file, `a ${curve ?? key.asymmetricKeyType} key`, 'use an ECDSA P-256 or Ed25519 key');
}

const encryptedByCosign = /ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY/;

/** Whether a file holds a key that only cosign itself can open. */
export async function isCosignKey(file: string): Promise<boolean> {
  return encryptedByCosign.test(await readFile(file, 'utf8').catch(() => ''));
}

/** Reads a PEM file with a PKCS#8 key. @throws ProvisioningError `INVALID_KEY`. */
export async function readSigningKey(file: string): Promise<SigningKey> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid(file, 'the key cannot be read', (error as Error).message);
  });
  if (encryptedByCosign.test(pem)) {
    throw invalid(
      file,
      'an encrypted cosign key',
      'sign with it by cosign itself: cosign sign --key <file> <host>/<repository>@<digest>; its signatures are accepted here',
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw invalid(file, 'not a private key in PKCS#8 PEM form');
  }
  checkAlgorithm(key, file);
  return { id: keyId(key), key };
}

/** Reads PEM files with public keys. @throws ProvisioningError `INVALID_KEY`, `NO_TRUSTED_KEYS`. */
export async function readTrustedKeys(files: readonly string[]): Promise<readonly TrustedKey[]> {
  if (files.length === 0) throw noTrustedKeys();
  return Promise.all(files.map(readTrustedKey));
}

export function noTrustedKeys(): ProvisioningError {
  return new ProvisioningError({
    code: 'NO_TRUSTED_KEYS',
    kind: 'configuration',
    message: 'No trusted keys configured (oci.signing.public_keys)',
    hint: 'name the PEM files of the public keys whose signatures count',
  });
}

async function readTrustedKey(file: string): Promise<TrustedKey> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid(file, 'the key cannot be read', (error as Error).message);
  });
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw invalid(file, 'not a public key in PEM form');
  }
  checkAlgorithm(key, file);
  return { id: keyId(key), key, file };
}

/** Signature over bytes: ECDSA as DER over SHA-256, Ed25519 over the bytes themselves. */
export function signBytes(key: SigningKey, bytes: Uint8Array): Buffer {
  return sign(key.key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key.key);
}

/** The trusted key that made the signature, `undefined` when none did. */
export function findSigner(
  keys: readonly TrustedKey[],
  bytes: Uint8Array,
  signature: Uint8Array,
): TrustedKey | undefined {
  return keys.find(({ key }) => {
    try {
      return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key, signature);
    } catch {
      return false;
    }
  });
}
