import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ContentId, digestOf, isDigest } from './digest.ts';
import { mediaTypes } from './media-types.ts';

/** Platform of one entry of an index (image-spec "Image Index"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Type, digest and size of one piece of content (image-spec "Content Descriptors"). */
export interface Descriptor extends ContentId {
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

/** Descriptor of bytes held in memory. */
export function describe(
  mediaType: string,
  bytes: Uint8Array,
  more: Pick<Descriptor, 'annotations' | 'artifactType'> = {},
): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
}

/** The empty JSON object, used as config where there is none (image-spec "Guidance for an Empty Descriptor"). */
export const emptyContent: Uint8Array = new TextEncoder().encode('{}');
export const emptyDescriptor: Descriptor = {
  mediaType: mediaTypes.empty,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
};

function invalid(where: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_MANIFEST',
    message: `Invalid manifest: ${where}: ${reason}`,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const mediaTypePattern = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** Whether the value is a media type as RFC 6838 §4.2 writes one. */
export function isMediaType(value: unknown): value is string {
  return typeof value === 'string' && mediaTypePattern.test(value);
}

/** Reads string annotations of an untrusted document. @throws ProvisioningError `INVALID_MANIFEST`. */
export function readAnnotations(value: unknown, where: string): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw invalid(where, 'annotations must be an object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(`${where}.${key}`, 'an annotation must be a string');
  }
  return value as Record<string, string>;
}

/**
 * Reads one descriptor of an untrusted document. `urls` and `data` are not carried over: nothing is ever fetched from
 * another place than the repository, and everything is verified the same way.
 * @throws ProvisioningError `INVALID_MANIFEST`.
 */
export function readDescriptor(value: unknown, where: string): Descriptor {
  if (!isRecord(value)) throw invalid(where, 'must be a descriptor object');
  const { mediaType, digest, size, artifactType, platform } = value;
  if (!isMediaType(mediaType)) throw invalid(`${where}.mediaType`, 'must be a media type');
  if (!isDigest(digest)) throw invalid(`${where}.digest`, 'must be a sha256 or sha512 digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${where}.size`, 'must be a whole number of bytes');
  }
  if (artifactType !== undefined && typeof artifactType !== 'string') {
    throw invalid(`${where}.artifactType`, 'must be a string');
  }
  const annotations = readAnnotations(value['annotations'], `${where}.annotations`);
  const read = readPlatform(platform, `${where}.platform`);
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(read === undefined ? {} : { platform: read }),
  };
}

function readPlatform(value: unknown, where: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw invalid(where, 'must be an object');
  const { os, architecture, variant } = value;
  if (typeof os !== 'string' || typeof architecture !== 'string')
    throw invalid(where, 'needs os and architecture');
  return { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) };
}

/** `linux/amd64`, `linux/arm/v7`. */
export function platformName(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant]
    .filter((part) => part !== undefined)
    .join('/');
}
