import { createHash } from 'node:crypto';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readAll } from '../oci/content.ts';
import type { Response } from '../remote/client.ts';
import type { OciSettings } from '../settings/oci-settings.ts';
import { type CheckPlace, checkBlob } from '../signing/blob.ts';
import { modeRules } from '../signing/policy.ts';

/** Largest archive that is fetched from outside a registry. */
export const maxArchiveBytes = 512 * 1024 * 1024;
const maxSignatureBytes = 64 * 1024;

/** What fetching from an address needs of the command it belongs to: an `ArtifactSession`. */
export interface FetchPlace extends CheckPlace {
  readonly settings: OciSettings;
  open(url: URL, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/**
 * Fetches an archive that lies behind an address. The mode decides whether a digest and a signature (`<url>.sig`) are
 * needed (09 §1, §8).
 * @throws ProvisioningError `DIGEST_REQUIRED`, `UNSIGNED_ARTIFACT`, exit 4; `DIGEST_MISMATCH`; `ARTIFACT_NOT_FOUND`.
 */
export async function fetchArchive(
  session: FetchPlace,
  url: string,
  options: { readonly sha256?: string; readonly reference: string },
): Promise<{ readonly bytes: Buffer; readonly signedBy?: string }> {
  const { sha256, reference } = options;
  const strict = modeRules[session.settings.mode].localSources === 'refuse';
  if (strict && sha256 === undefined) {
    throw new ProvisioningError({
      code: 'DIGEST_REQUIRED',
      kind: 'permission',
      message: `${url} needs its digest in ${session.settings.mode} mode`,
      hint: 'append #sha256=<64 hexadecimal digits>',
    });
  }
  const bytes = await fetchBytes(session, url, maxArchiveBytes);
  if (bytes === undefined) {
    throw new ProvisioningError({
      code: 'ARTIFACT_NOT_FOUND',
      kind: 'not-found',
      message: `Artifact not found: ${url}`,
    });
  }
  verifyArchive(bytes, sha256, reference);
  const signedBy = await checkBlob(session, bytes, reference, () =>
    fetchBytes(session, `${url}.sig`, maxSignatureBytes),
  );
  return { bytes, ...(signedBy === undefined ? {} : { signedBy }) };
}

/** What lies behind an address, `undefined` for 404; without credentials, through the session's proxy and authorities. */
export async function fetchBytes(
  session: FetchPlace,
  url: string,
  limit: number,
): Promise<Buffer | undefined> {
  const response = await session.open(new URL(url));
  if (response.status === 200) return readAll(response.body, limit, url);
  response.body.resume();
  return undefined;
}

/** @throws ProvisioningError `DIGEST_MISMATCH`. */
export function verifyArchive(bytes: Buffer, sha256: string | undefined, reference: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === undefined || found === sha256) return;
  throw new ProvisioningError({
    code: 'DIGEST_MISMATCH',
    message: `Digest mismatch for ${reference}: expected sha256:${sha256}, got sha256:${found}`,
    hint: 'the file is damaged or was replaced; it was discarded',
  });
}
