import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { verified } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { appendVerified } from './append-verified.ts';
import { BlobFolder } from './blobs.ts';

/** Enough for the second thread, and no multiple of a block. */
const content = Buffer.concat([randomBytes(33 * 1024 * 1024), Buffer.from('the end')]);
const descriptor: Descriptor = {
  mediaType: 'application/octet-stream',
  digest: digestOf(content),
  size: content.length,
};
let folder: string;
let blobs: BlobFolder;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-blobs-'));
  blobs = new BlobFolder(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Pieces of uneven sizes, as a network brings them. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0, length = 1; at < bytes.length; at += length, length = ((length * 7) % 90_001) + 1)
    yield bytes.subarray(at, at + length);
}

const stored = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(blobs.path(descriptor.digest)))
    .digest('hex');

const names = async (): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test('large content arrives whole, from plain streams and from streams that verify themselves', async () => {
  await blobs.write(descriptor, async () => Readable.from(pieces(content)));
  expect(await stored()).toBe(descriptor.digest.slice('sha256:'.length));
  const other = new BlobFolder(join(folder, 'copy'));
  await other.write(descriptor, async () =>
    verified(createReadStream(blobs.path(descriptor.digest)), descriptor),
  );
  expect((await stat(other.path(descriptor.digest))).size).toBe(content.length);
});

test.each([
  ['one bit is another', Buffer.concat([content.subarray(0, -1), Buffer.from('D')]), 'DIGEST_MISMATCH'],
  ['a byte is too many', Buffer.concat([content, Buffer.from('!')]), 'SIZE_MISMATCH'],
  ['a byte is missing', content.subarray(0, -1), 'SIZE_MISMATCH'],
])('large content of which %s is refused and nothing stays', async (_, bytes, code) => {
  await expect(blobs.write(descriptor, async () => Readable.from(pieces(bytes)))).rejects.toMatchObject({
    code,
  });
  expect(await names()).toEqual([]);
});

test('large content that breaks off keeps what arrived, and the next attempt goes on from there', async () => {
  const breaking = async (): Promise<Readable> =>
    Readable.from(
      (function* () {
        yield* pieces(content.subarray(0, 20 * 1024 * 1024));
        throw new Error('connection reset');
      })(),
    );
  await expect(blobs.write(descriptor, breaking)).rejects.toThrow('connection reset');
  const offsets: number[] = [];
  await blobs.write(descriptor, async (offset) => {
    offsets.push(offset);
    return Readable.from(pieces(content.subarray(offset)));
  });
  expect(offsets[0]).toBeGreaterThan(15 * 1024 * 1024);
  expect(await stored()).toBe(descriptor.digest.slice('sha256:'.length));
});

test('large content is given up when the person interrupts', async () => {
  const stop = new AbortController();
  const slow = async (): Promise<Readable> =>
    Readable.from(
      (async function* () {
        yield* pieces(content.subarray(0, 4 * 1024 * 1024));
        stop.abort(new Error('interrupted'));
        yield* pieces(content.subarray(4 * 1024 * 1024));
      })(),
    );
  await expect(blobs.write(descriptor, slow, stop.signal)).rejects.toThrow('interrupted');
  await expect(stat(blobs.path(descriptor.digest))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a disk that takes no more bytes is an error that says so', async () => {
  const gone = new BlobFolder(join(folder, 'gone'));
  await expect(
    gone.write(descriptor, async () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    }),
  ).rejects.toThrow('no space left');
});

test('a disk that is full while large content is written ends the transfer at once', async () => {
  if (process.platform !== 'linux') return;
  let read = 0;
  const chunks = async function* (): AsyncGenerator<Buffer> {
    for (const chunk of pieces(content)) yield ((read += chunk.length), chunk);
  };
  await expect(appendVerified('/dev/full', chunks(), descriptor, { mode: 0o644 })).rejects.toMatchObject({
    code: 'ENOSPC',
  });
  expect(read).toBeLessThan(content.length);
});
