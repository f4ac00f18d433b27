import { ProvisioningError } from '@provisioning/extensions-sdk';
import { fetchBytes, fetchManifest, fromBytes } from '../oci/content.ts';
import { type Descriptor, describe } from '../oci/descriptor.ts';
import { encodeManifest, type Manifest, parseUntrustedJson } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import type { CallOptions, Source, Target } from '../oci/target.ts';
import { findSigner, type SigningKey, signBytes, type TrustedKey } from './keys.ts';

/** How cosign stores signatures (cosign's "Signature Specification"). */
const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
const signatureAnnotation = 'dev.cosignproject.cosign/signature';
const payloadType = 'cosign container image signature';
const maxPayload = 64 * 1024;
const maxSignatures = 100;

/** Tag under which the signatures of a manifest are kept: `sha256-<hex>.sig`. */
export function signatureTag(descriptor: Descriptor): string {
  return `${descriptor.digest.replace(':', '-')}.sig`;
}

/**
 * Signs a manifest and stores the signature beside it, in cosign's form: under the signature tag and as a referrer. Other
 * signatures that are there stay.
 * @param reference name written into the payload: `host/repository`.
 */
export async function signArtifact(
  target: Target,
  descriptor: Descriptor,
  reference: string,
  key: SigningKey,
  options: CallOptions & { readonly annotations?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': descriptor.digest },
        type: payloadType,
      },
      optional: options.annotations ?? null,
    }),
  );
  const signature = signBytes(key, payload).toString('base64');
  const layer: Descriptor = {
    ...describe(simpleSigningType, payload),
    annotations: { [signatureAnnotation]: signature },
  };
  const tag = signatureTag(descriptor);
  const before = await readSignatures(target, tag, options);
  const layers = [...(before?.layers ?? []), layer];
  await target.push(layer, fromBytes(payload), options);
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      config: {},
      created: '0001-01-01T00:00:00Z',
      history: layers.map(() => ({ created: '0001-01-01T00:00:00Z' })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const configDescriptor = describe(mediaTypes.imageConfig, config);
  await target.push(configDescriptor, fromBytes(config), options);
  const { mediaType, digest, size } = descriptor;
  const manifest = encodeManifest({
    mediaType: mediaTypes.imageManifest,
    config: configDescriptor,
    layers,
    subject: { mediaType, digest, size },
  });
  await target.push(describe(mediaTypes.imageManifest, manifest), fromBytes(manifest), {
    ...options,
    reference: tag,
  });
}

async function readSignatures(
  source: Source,
  reference: string,
  options: CallOptions,
): Promise<Manifest | undefined> {
  try {
    const manifest = await fetchManifest(source, await source.resolve(reference, options), options);
    return manifest.kind === 'manifest' ? manifest : undefined;
  } catch (error) {
    if (error instanceof ProvisioningError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

/** What checking the signatures of a manifest found. */
export type Verification =
  | { readonly state: 'signed'; readonly keyId: string }
  /** There is no signature at all. */
  | { readonly state: 'unsigned' }
  /** There are signatures and none of them counts. */
  | { readonly state: 'invalid'; readonly reason: string };

/**
 * Checks the signatures of a manifest against trusted keys. One good signature is enough; it must be over this very
 * digest. Whose name it was made for does not matter, so mirrors keep their signatures.
 */
export async function verifyArtifact(
  source: Source,
  descriptor: Descriptor,
  keys: readonly TrustedKey[],
  options: CallOptions = {},
): Promise<Verification> {
  let reason: string | undefined;
  for await (const layer of signatureLayers(source, descriptor, options)) {
    const result = await checkLayer(source, descriptor, layer, keys, options);
    if (result.state === 'signed') return result;
    reason = result.reason;
  }
  return reason === undefined ? { state: 'unsigned' } : { state: 'invalid', reason };
}

async function* signatureLayers(
  source: Source,
  descriptor: Descriptor,
  options: CallOptions,
): AsyncGenerator<Descriptor> {
  const seen = new Set<string>();
  const tagged = await readSignatures(source, signatureTag(descriptor), options);
  const manifests: (Manifest | undefined)[] = [tagged];
  for (const referrer of await source.referrers(descriptor, options)) {
    if (manifests.length > maxSignatures) break;
    manifests.push(await readSignatures(source, referrer.digest, options));
  }
  for (const manifest of manifests) {
    for (const layer of (manifest?.layers ?? []).slice(0, maxSignatures)) {
      const id = `${layer.digest} ${layer.annotations?.[signatureAnnotation] ?? ''}`;
      if (layer.mediaType !== simpleSigningType || seen.has(id)) continue;
      seen.add(id);
      yield layer;
    }
  }
}

async function checkLayer(
  source: Source,
  descriptor: Descriptor,
  layer: Descriptor,
  keys: readonly TrustedKey[],
  options: CallOptions,
): Promise<Exclude<Verification, { state: 'unsigned' }>> {
  const encoded = layer.annotations?.[signatureAnnotation];
  if (encoded === undefined) return { state: 'invalid', reason: 'a signature is missing from its manifest' };
  let payload: Buffer;
  try {
    payload = await fetchBytes(source, layer, { ...options, limit: maxPayload });
  } catch (error) {
    if (error instanceof ProvisioningError && error.kind === 'unavailable') throw error;
    return { state: 'invalid', reason: 'the signed payload is missing or damaged' };
  }
  const signer = findSigner(keys, payload, Buffer.from(encoded, 'base64'));
  if (signer === undefined) return { state: 'invalid', reason: 'no trusted key made the signature' };
  const { critical } = parseUntrustedJson(payload, maxPayload) as {
    readonly critical?: {
      readonly type?: unknown;
      readonly image?: { readonly 'docker-manifest-digest'?: unknown };
    };
  };
  if (critical?.type !== payloadType || critical.image?.['docker-manifest-digest'] !== descriptor.digest) {
    return { state: 'invalid', reason: 'the signature is over another artifact' };
  }
  return { state: 'signed', keyId: signer.id };
}
