import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Descriptor, readAnnotations, readDescriptor } from './descriptor.ts';
import { isIndexType, isManifestType, maxManifestBytes, mediaTypes } from './media-types.ts';

/** An image manifest (image-spec "Image Manifest"); artifacts are image manifests with an `artifactType`. */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image index (image-spec "Image Index"). */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Limits that keep a hostile document from costing memory or stack. */
const maxDepth = 64;
const maxEntries = 20_000;

function invalid(reason: string): ProvisioningError {
  return new ProvisioningError({ code: 'INVALID_MANIFEST', message: `Invalid manifest: ${reason}` });
}

/** Deepest nesting of brackets outside strings; scanned before parsing so that no recursion ever sees it. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (inString) {
      if (code === 0x5c) position++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

/**
 * Parses JSON of unknown origin into an object.
 * @throws ProvisioningError `INVALID_MANIFEST` when it is too large, too deep, not UTF-8, not JSON or not an object.
 */
export function parseUntrustedJson(bytes: Uint8Array, limit = maxManifestBytes): Record<string, unknown> {
  if (bytes.length > limit) throw invalid(`${bytes.length} bytes, at most ${limit} are read`);
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (jsonDepth(text) > maxDepth) throw invalid(`nested deeper than ${maxDepth} levels`);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof ProvisioningError) throw error;
    throw invalid('not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('not a JSON object');
  return value as Record<string, unknown>;
}

function readList(value: unknown, where: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`${where} must be a list`);
  if (value.length > maxEntries)
    throw invalid(`${where} has ${value.length} entries, at most ${maxEntries} are read`);
  return value.map((entry, position) => readDescriptor(entry, `${where}[${position}]`));
}

/**
 * Reads a manifest or index. The document must be of the type the registry announced: a document that could be read as
 * both is refused, so that no two readers see different content under one digest.
 * @throws ProvisioningError `INVALID_MANIFEST`, `UNSUPPORTED_MEDIA_TYPE`.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest | Index {
  if (!isManifestType(mediaType)) {
    throw new ProvisioningError({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: `Unsupported manifest type ${mediaType.slice(0, 120)}`,
      hint: `expected ${mediaTypes.imageManifest} or ${mediaTypes.imageIndex}`,
    });
  }
  const document = parseUntrustedJson(bytes);
  if (document['schemaVersion'] !== 2) throw invalid('schemaVersion must be 2');
  const own = document['mediaType'];
  if (own !== undefined && own !== mediaType) {
    throw invalid(`it says ${JSON.stringify(own)?.slice(0, 120)}, the registry says ${mediaType}`);
  }
  const artifactType = document['artifactType'];
  if (artifactType !== undefined && typeof artifactType !== 'string')
    throw invalid('artifactType must be a string');
  const annotations = readAnnotations(document['annotations'], 'annotations');
  const subject = document['subject'];
  const shared = {
    mediaType,
    ...(artifactType === undefined || artifactType === '' ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(subject === undefined || subject === null ? {} : { subject: readDescriptor(subject, 'subject') }),
  };
  if (isIndexType(mediaType)) {
    if ('layers' in document || 'config' in document) throw invalid('an index with layers');
    return { kind: 'index', ...shared, manifests: readList(document['manifests'] ?? [], 'manifests') };
  }
  if ('manifests' in document) throw invalid('a manifest with manifests');
  return {
    kind: 'manifest',
    ...shared,
    config: readDescriptor(document['config'], 'config'),
    layers: readList(document['layers'] ?? [], 'layers'),
  };
}

/** What a manifest needs to be complete; its `subject` is a weak link and not among them. */
export function successors(manifest: Manifest | Index): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** Type by which referrers are listed and filtered (distribution-spec "Listing Referrers"). */
export function effectiveArtifactType(manifest: Manifest | Index): string | undefined {
  return manifest.artifactType ?? (manifest.kind === 'manifest' ? manifest.config.mediaType : undefined);
}

/** Canonical bytes of a manifest: fixed key order, no white space, so that equal content has an equal digest. */
export function encodeManifest(manifest: Omit<Manifest, 'kind'> | Omit<Index, 'kind'>): Uint8Array {
  const { mediaType, artifactType, subject, annotations } = manifest;
  const ordered = {
    schemaVersion: 2,
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...('config' in manifest
      ? { config: manifest.config, layers: manifest.layers }
      : { manifests: manifest.manifests }),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations === undefined ? {} : { annotations: sortKeys(annotations) }),
  };
  return new TextEncoder().encode(JSON.stringify(ordered));
}

function sortKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
