import { type SignerLookup, type Surroundings, userDirectories, writeFileAtomic } from '@provisioning/core';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { treeDigest } from '../extension/origin.ts';
import { readOciSettings } from '../settings/oci-settings.ts';
import { trustedSigners } from './signers.ts';

/** What a verified signature said of the files that were unpacked from its artifact. */
interface SignedContent {
  readonly key_id: string;
  readonly reference: string;
  /** Digest of the artifact that was signed. */
  readonly digest: string;
}

/**
 * Remembers that the files of a folder came from an artifact whose signature was verified. It is kept among the user's data
 * by the digest of the files: a workspace can't claim it for itself, and a changed file loses it.
 */
export async function rememberSigned(
  dataFolder: string,
  folder: string,
  {
    keyId,
    reference,
    digest,
  }: { readonly keyId: string; readonly reference: string; readonly digest: string },
): Promise<void> {
  const file = recordFile(dataFolder, await treeDigest(folder));
  await mkdir(join(file, '..'), { recursive: true });
  const record: SignedContent = { key_id: keyId, reference, digest };
  await writeFileAtomic(file, `${JSON.stringify(record)}\n`, 0o644);
}

/**
 * Tells which trusted key signed what is in a folder: `undefined` for what nobody signed, what was changed since, and
 * where the key is no longer trusted (`oci.signing.public_keys`, `oci.signing.allowed_signers`).
 */
export function signerLookup(
  surroundings: Surroundings,
  configuration: { get(path: string): unknown },
): SignerLookup {
  const { config, cache, data } = userDirectories(surroundings);
  return async (folder) => {
    const { signing } = readOciSettings({
      get: (path) => configuration.get(path),
      environment: surroundings.env,
      configFolder: config,
      cacheFolder: cache,
    });
    if (signing.publicKeys.length === 0 && signing.identities.length === 0) return undefined;
    const text = await treeDigest(folder)
      .then((digest) => readFile(recordFile(data, digest), 'utf8'))
      .catch(() => undefined);
    if (text === undefined) return undefined;
    const { key_id: keyId, reference } = JSON.parse(text) as SignedContent;
    const signers = await trustedSigners(signing, reference);
    return signers.some(({ id }) => id === keyId) ? keyId : undefined;
  };
}

function recordFile(dataFolder: string, digest: string): string {
  return join(dataFolder, 'signed', `${digest.replace(/^sha256:/, '')}.json`);
}
