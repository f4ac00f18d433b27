import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { LayoutRepository } from '../layout/layout.ts';
import { fetchBytes, fromBytes, readAll } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest, parseDigest } from '../oci/digest.ts';
import { type Index, type Manifest, parseManifest, successors } from '../oci/manifest.ts';
import { isDistributable, isManifestType, maxManifestBytes, mediaTypes } from '../oci/media-types.ts';
import { isTag } from '../oci/reference.ts';
import { RegistryError, sendEmpty, sendJson } from './answers.ts';

function checkReference(reference: string): void {
  if (isDigest(reference) || isTag(reference)) return;
  throw new RegistryError(
    400,
    reference.includes(':') ? 'DIGEST_INVALID' : 'MANIFEST_INVALID',
    'neither a tag nor a digest',
  );
}

async function resolve(repository: LayoutRepository, reference: string): Promise<Descriptor> {
  try {
    return await repository.resolve(reference);
  } catch (error) {
    if (error instanceof ProvisioningError && error.kind === 'not-found') {
      throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    }
    throw error;
  }
}

/** `GET` and `HEAD /v2/<name>/manifests/<reference>`. */
export async function getManifest(
  repository: LayoutRepository,
  reference: string,
  response: ServerResponse,
): Promise<void> {
  checkReference(reference);
  const descriptor = await resolve(repository, reference);
  const bytes = await fetchBytes(repository, descriptor);
  response.writeHead(200, {
    'content-type': descriptor.mediaType,
    'content-length': String(bytes.length),
    'docker-content-digest': descriptor.digest,
    etag: `"${descriptor.digest}"`,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** `PUT /v2/<name>/manifests/<reference>`: stored only when it is valid and all it names is there. */
export async function putManifest(
  repository: LayoutRepository,
  reference: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkReference(reference);
  const bytes = await readAll(request, maxManifestBytes, 'The manifest').catch((error: unknown) => {
    if (error instanceof ProvisioningError)
      throw new RegistryError(413, 'SIZE_INVALID', 'manifest too large');
    throw error;
  });
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim();
  if (!isManifestType(type))
    throw new RegistryError(415, 'MANIFEST_INVALID', `unsupported manifest type ${type.slice(0, 100)}`);
  const algorithm = isDigest(reference) ? parseDigest(reference).algorithm : 'sha256';
  const digest: Digest = digestOf(bytes, algorithm);
  if (isDigest(reference) && digest !== reference) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'provided digest does not match the manifest');
  }
  const manifest = parse(bytes, type);
  await checkContent(repository, manifest);
  const descriptor: Descriptor = { mediaType: type, digest, size: bytes.length };
  await repository.push(descriptor, fromBytes(bytes));
  // Listed by digest as well, so that content stays reachable when its tag moves on; retention removes it later.
  await repository.list(descriptor);
  if (!isDigest(reference)) await repository.tag(descriptor, reference);
  const { name } = repository;
  sendEmpty(response, 201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(manifest.subject === undefined ? {} : { 'oci-subject': manifest.subject.digest }),
  });
}

function parse(bytes: Buffer, type: string): Manifest | Index {
  try {
    return parseManifest(bytes, type);
  } catch (error) {
    throw new RegistryError(400, 'MANIFEST_INVALID', (error as Error).message.slice(0, 300));
  }
}

async function checkContent(repository: LayoutRepository, manifest: Manifest | Index): Promise<void> {
  for (const child of successors(manifest)) {
    if (!isDistributable(child.mediaType) || (await repository.layout.blobs.has(child))) continue;
    throw new RegistryError(404, 'MANIFEST_BLOB_UNKNOWN', `${child.digest} is not in the repository`);
  }
}

/** `DELETE /v2/<name>/manifests/<reference>`. */
export async function deleteManifest(
  repository: LayoutRepository,
  reference: string,
  response: ServerResponse,
): Promise<void> {
  checkReference(reference);
  const descriptor = await resolve(repository, reference);
  if (isDigest(reference)) await repository.delete(descriptor);
  else await repository.untag(reference);
  sendEmpty(response, 202);
}

/** `GET /v2/<name>/referrers/<digest>`. */
export async function getReferrers(
  repository: LayoutRepository,
  digest: string,
  artifactType: string | null,
  response: ServerResponse,
): Promise<void> {
  if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'not a digest');
  const subject = { mediaType: mediaTypes.imageManifest, digest, size: 0 };
  const manifests = await repository.referrers(subject, artifactType === null ? {} : { artifactType });
  sendJson(
    response,
    200,
    { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests },
    {
      'content-type': mediaTypes.imageIndex,
      ...(artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    },
  );
}
