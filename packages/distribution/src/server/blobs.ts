import type { IncomingMessage, ServerResponse } from 'node:http';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ImageLayout } from '../layout/layout.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { RegistryError, sendEmpty } from './answers.ts';
import { rangeOf, type Uploads } from './uploads.ts';

function readDigest(text: string | null): Digest {
  if (!isDigest(text)) throw new RegistryError(400, 'DIGEST_INVALID', 'not a digest');
  return text;
}

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`, with byte ranges. */
export async function getBlob(
  layout: ImageLayout,
  text: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const digest = readDigest(text);
  const size = await layout.blobs.size(digest);
  if (size === undefined) throw new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown');
  const range = readRange(request.headers.range, size);
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
    'content-length': String(range === undefined ? size : range.end - range.start + 1),
    ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  };
  response.writeHead(range === undefined ? 200 : 206, headers);
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  await pipeline(
    createReadStream(layout.blobs.path(digest), { ...range, highWaterMark: 256 * 1024 }),
    response,
  );
}

function readRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start <= end) return { start, end };
  throw new RegistryError(416, 'SIZE_INVALID', 'range not satisfiable', {
    'content-range': `bytes */${size}`,
  });
}

/** `DELETE /v2/<name>/blobs/<digest>`; repositories share content, so what a manifest needs stays. */
export async function deleteBlob(layout: ImageLayout, text: string, response: ServerResponse): Promise<void> {
  const digest = readDigest(text);
  if ((await layout.blobs.size(digest)) === undefined)
    throw new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown');
  if ((await layout.referenced()).has(digest))
    throw new RegistryError(405, 'UNSUPPORTED', 'a manifest needs this blob');
  await layout.blobs.remove(digest);
  sendEmpty(response, 202);
}

/** `POST /v2/<name>/blobs/uploads/`: mount, upload in one request, or open a session. */
export async function startUpload(
  layout: ImageLayout,
  uploads: Uploads,
  name: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const mount = query.get('mount');
  // All repositories of a layout share their blobs, so `from` need not be named.
  if (mount !== null && (await layout.blobs.size(readDigest(mount))) !== undefined) {
    created(response, name, mount as Digest);
    return;
  }
  const id = await uploads.start(name);
  const digest = query.get('digest');
  if (digest !== null && mount === null) {
    await finishUpload(uploads, name, id, digest, request, response);
    return;
  }
  request.resume();
  session(response, 202, name, id, 0);
}

/** `PATCH`: one chunk, or the whole stream. */
export async function patchUpload(
  uploads: Uploads,
  name: string,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const size = await uploads.append(name, id, request, request.headers['content-range']);
  session(response, 202, name, id, size);
}

/** `PUT`: the last bytes, if any, and the digest. */
export async function finishUpload(
  uploads: Uploads,
  name: string,
  id: string,
  digestText: string | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const digest = readDigest(digestText);
  await uploads.append(name, id, request, request.headers['content-range']);
  await uploads.finish(name, id, digest);
  created(response, name, digest);
}

/** `GET` of a session: how much has arrived. */
export function uploadStatus(uploads: Uploads, name: string, id: string, response: ServerResponse): void {
  session(response, 204, name, id, uploads.size(name, id));
}

function session(response: ServerResponse, status: number, name: string, id: string, size: number): void {
  sendEmpty(response, status, {
    location: `/v2/${name}/blobs/uploads/${id}`,
    range: rangeOf(size),
    'docker-upload-uuid': id,
  });
}

function created(response: ServerResponse, name: string, digest: Digest): void {
  sendEmpty(response, 201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
}
