import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProvisioningError, type SourceLocation } from '@provisioning/extensions-sdk';
import { writeFileAtomic } from '../files/atomic.ts';
import { type Document, parseDocument } from './document.ts';
import { decodeText } from './read.ts';

export interface RemoteOptions {
  readonly cacheFolder: string;
  readonly offline: boolean;
  readonly location?: SourceLocation | undefined;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

const timeout = 10_000;
const maximumSize = 1024 * 1024;

/**
 * Configuration at a URL of `[dynamic] config_urls` (02 §9): `https:` or `file:`, at most 1 MiB, 10 s, cached by ETag,
 * checked against a `#sha256=` suffix.
 */
export async function fetchConfiguration(url: string, options: RemoteOptions): Promise<Document> {
  const [address = '', digest] = url.split('#sha256=');
  const fail = (code: string, reason: string, cause?: unknown): ProvisioningError =>
    new ProvisioningError({
      code,
      kind: 'configuration',
      message: `Cannot load configuration from ${address}: ${reason}`,
      ...(options.location === undefined ? {} : { location: options.location }),
      ...(cause === undefined ? {} : { cause }),
    });
  if (!URL.canParse(address)) throw fail('REMOTE_URL', 'it is no URL');
  const target = new URL(address);
  let bytes: Uint8Array;
  if (target.protocol === 'file:')
    bytes = await readFile(fileURLToPath(target)).catch((cause: Error) =>
      Promise.reject(fail('REMOTE_FAILED', cause.message, cause)),
    );
  else if (target.protocol === 'https:') bytes = await download(target, options, fail);
  else throw fail('REMOTE_URL', `${target.protocol} is refused, use https: or file:`);
  if (bytes.length > maximumSize) throw fail('REMOTE_TOO_LARGE', 'it is larger than 1 MiB');
  if (digest !== undefined && createHash('sha256').update(bytes).digest('hex') !== digest.toLowerCase()) {
    throw fail('REMOTE_DIGEST', 'its SHA-256 is not the one that was asked for');
  }
  const name = /\.(toml|ya?ml|json)$/.test(target.pathname) ? target.pathname : `${target.pathname}.toml`;
  return parseDocument(
    decodeText(bytes, address),
    `${target.origin === 'null' ? 'file://' : target.origin}${name}`,
  );
}

interface Cached {
  readonly etag: string;
  readonly body: string;
}

async function download(
  url: URL,
  options: RemoteOptions,
  fail: (code: string, reason: string, cause?: unknown) => ProvisioningError,
): Promise<Uint8Array> {
  const file = path.join(options.cacheFolder, `${createHash('sha256').update(url.href).digest('hex')}.json`);
  const cached = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Cached,
    () => undefined,
  );
  if (options.offline) {
    if (cached === undefined) throw fail('REMOTE_OFFLINE', 'offline, and there is no cached copy');
    options.warn(`Offline: using the cached copy of ${url.href}`);
    return Buffer.from(cached.body, 'base64');
  }
  const signals = [AbortSignal.timeout(timeout), ...(options.signal === undefined ? [] : [options.signal])];
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.any(signals),
      headers: cached === undefined ? {} : { 'if-none-match': cached.etag },
    });
    if (response.status === 304 && cached !== undefined) return Buffer.from(cached.body, 'base64');
    if (!response.ok) throw fail('REMOTE_FAILED', `the server answered ${response.status}`);
    const bytes = await limited(response);
    if (bytes === undefined) throw fail('REMOTE_TOO_LARGE', 'it is larger than 1 MiB');
    const etag = response.headers.get('etag');
    if (etag !== null)
      await writeFileAtomic(file, JSON.stringify({ etag, body: Buffer.from(bytes).toString('base64') }));
    return bytes;
  } catch (error) {
    if (error instanceof ProvisioningError) throw error;
    const reason =
      (error as Error).name === 'TimeoutError' ? 'no answer within 10 s' : (error as Error).message;
    throw fail('REMOTE_FAILED', reason, error);
  }
}

/** The body, or `undefined` as soon as it grows past the limit. */
async function limited(response: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > maximumSize) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
