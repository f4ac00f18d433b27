import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BlobFolder } from '../layout/blobs.ts';
import { largeBytes } from '../oci/chunks.ts';
import { describe } from '../oci/descriptor.ts';
import { startFakeRegistry } from '../testing/fake-registry.ts';
import { RemoteRegistry } from './registry.ts';

/** Large enough to be read past Node's client, and no multiple of a block. */
const content = Buffer.concat([randomBytes(largeBytes), Buffer.from('the end')]);
const blob = describe('application/octet-stream', content);

let folder: string;
let blobs: BlobFolder;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-direct-'));
  blobs = new BlobFolder(folder);
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await rm(folder, { recursive: true, force: true });
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const whole: Answer = (_, response) => {
  response.writeHead(200, { 'content-length': content.length }).end(content);
};

/** Fetches the content from a registry that answers so. @returns what it was asked, `direct` where Node's client did not. */
async function fetchFrom(
  answer: Answer,
  { signal, timeoutSeconds = 60 }: { readonly signal?: AbortSignal; readonly timeoutSeconds?: number } = {},
): Promise<readonly string[]> {
  const registry = await startFakeRegistry(answer);
  closing.push(() => registry.close());
  const remote = new RemoteRegistry(registry.host, { retryDelay: 1, timeoutSeconds });
  try {
    const repository = remote.repository('large/layer');
    await blobs.write(
      blob,
      (offset) => repository.fetch(blob, { offset, ...(signal === undefined ? {} : { signal }) }),
      signal,
    );
  } finally {
    remote.close();
  }
  return registry.requests.map(
    ({ headers }) => `${headers.connection === 'close' ? 'direct' : 'usual'} ${headers.range ?? 'all'}`,
  );
}

async function storedDigest(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(blobs.path(blob.digest))) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

const leftovers = async (): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test('large content is read from its socket and arrives whole', async () => {
  expect(await fetchFrom(whole)).toEqual(['direct all']);
  expect(await storedDigest()).toBe(blob.digest);
});

test('a connection that breaks is opened again where it broke', async () => {
  const asked = await fetchFrom((request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) {
      response.writeHead(206, {
        'content-length': content.length - from,
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
      });
      response.end(content.subarray(from));
    } else {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, content.length / 2), () => response.socket?.end());
    }
  });
  expect(asked).toEqual(['direct all', expect.stringMatching(/^direct bytes=\d{7,}-$/)]);
  expect(await storedDigest()).toBe(blob.digest);
});

test.each<readonly [string, Answer]>([
  ['of a length that is not said', (_, response) => response.writeHead(200).end(content)],
  [
    'from another place',
    (request, response) => {
      if (request.url === '/elsewhere') whole(request, response);
      else response.writeHead(307, { location: '/elsewhere' }).end();
    },
  ],
])('content %s is asked for in the usual way', async (_, answer) => {
  expect(await fetchFrom(answer)).toContain('usual all');
  expect(await storedDigest()).toBe(blob.digest);
});

test('content that is not what it should be is refused and nothing stays', async () => {
  const other = Buffer.from(content);
  other[content.length - 1]! ^= 1;
  await expect(
    fetchFrom((_, response) => response.writeHead(200, { 'content-length': other.length }).end(other)),
  ).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(await leftovers()).toEqual([]);
});

test('a registry that falls silent is given up', async () => {
  await expect(
    fetchFrom(
      (request, response) => {
        if (request.headers.range !== undefined) return;
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 1_000_000));
      },
      { timeoutSeconds: 0.3 },
    ),
  ).rejects.toMatchObject({ kind: 'unavailable' });
}, 60_000);

test('an interruption ends the transfer and keeps what arrived', async () => {
  const stop = new AbortController();
  await expect(
    fetchFrom(
      (_, response) => {
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, content.length / 2), () => stop.abort(new Error('interrupted')));
      },
      { signal: stop.signal },
    ),
  ).rejects.toThrow('interrupted');
  expect((await leftovers()).every((name) => name.startsWith('sha256-'))).toBe(true);
});

test('large content arrives over TLS too', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const asked: (string | undefined)[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked.push(request.headers.connection);
    whole(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  const fetchTrusting = async (caFile?: string): Promise<void> => {
    const remote = new RemoteRegistry(`localhost:${(server.address() as AddressInfo).port}`, {
      plainHttp: false,
      retries: 0,
      ...(caFile === undefined ? {} : { caFile }),
    });
    const repository = remote.repository('large/layer');
    try {
      await blobs.write(blob, (offset) => repository.fetch(blob, { offset }));
    } finally {
      remote.close();
    }
  };
  await expect(fetchTrusting()).rejects.toThrow('x509: certificate signed by unknown authority');
  await fetchTrusting(cert);
  expect(asked).toEqual(['close']);
  expect(await storedDigest()).toBe(blob.digest);
});
