import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockSize, checksum } from './tar-format.ts';
import { readTar } from './tar-reader.ts';
import { writeTar } from './tar-writer.ts';
import { unpack } from './unpack.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-unpack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Raw {
  readonly path: string;
  readonly type?: string;
  readonly content?: string;
  readonly target?: string;
  readonly size?: number;
}

/** A tar archive with exactly the given headers, however wrong they are. */
function rawTar(entries: readonly Raw[]): Buffer {
  const parts = entries.flatMap(({ path, type = '0', content = '', target = '', size }) => {
    const header = Buffer.alloc(blockSize);
    header.write(path, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${(size ?? Buffer.byteLength(content)).toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write(target, 157, 100);
    header.write('ustar\x0000', 257);
    header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / blockSize) * blockSize);
    body.write(content);
    return [header, body];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function unpackBytes(bytes: Buffer): Promise<readonly string[]> {
  return unpack(Readable.from([bytes]), join(folder, 'out'), { bytes: 64 * 1024 * 1024 });
}

const attacks: readonly (readonly [string, readonly Raw[]])[] = [
  ['a path that climbs up', [{ path: '../../etc/passwd', content: 'x' }]],
  ['a path that climbs up in its middle', [{ path: 'a/../../b', content: 'x' }]],
  ['an absolute path', [{ path: '/etc/passwd', content: 'x' }]],
  ['a drive letter', [{ path: 'C:/windows', content: 'x' }]],
  ['a backslash', [{ path: '..\\..\\x', content: 'x' }]],
  ['a link out of the target', [{ path: 'a', type: '2', target: '../../etc' }]],
  ['an absolute link', [{ path: 'a', type: '2', target: '/etc/passwd' }]],
  [
    'a file written through a link',
    [
      { path: 'a', type: '2', target: 'b' },
      { path: 'b/', type: '5' },
      { path: 'a/x', content: 'x' },
    ],
  ],
  [
    'a file that replaces a link',
    [
      { path: 'a', type: '2', target: 'b' },
      { path: 'a', content: 'x' },
    ],
  ],
  ['a hard link out of the target', [{ path: 'a', type: '1', target: '../../../etc/passwd' }]],
  [
    'a hard link to a link',
    [
      { path: 'l', type: '2', target: 'x' },
      { path: 'a', type: '1', target: 'l' },
    ],
  ],
  ['a character device', [{ path: 'null', type: '3' }]],
  ['a block device', [{ path: 'sda', type: '4' }]],
  ['a pipe', [{ path: 'pipe', type: '6' }]],
  ['an entry without a name', [{ path: '.', content: 'x' }]],
  ['a size larger than allowed', [{ path: 'big', size: 8 * 1024 * 1024 * 1024 - 1 }]],
];

test.each(attacks)('09.A14 %s is refused and nothing is left behind', async (_name, entries) => {
  await expect(unpackBytes(gzipSync(rawTar(entries)))).rejects.toMatchObject({
    code: 'UNSAFE_ARCHIVE',
    message: expect.stringMatching(/^Unsafe archive entry: /),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('a decompression bomb ends at the limit', async () => {
  const bomb = gzipSync(
    Buffer.concat([
      rawTar([{ path: 'zeros', size: 256 * 1024 * 1024 }]).subarray(0, 512),
      Buffer.alloc(200 * 1024 * 1024),
    ]),
  );
  await expect(unpackBytes(bomb)).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
  expect(await readdir(folder)).toEqual([]);
});

test('more entries than allowed are refused', async () => {
  const many = rawTar(Array.from({ length: 20_001 }, (_, n) => ({ path: `f${n}` })));
  await expect(unpackBytes(many)).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
});

test('an extended header of gigabytes is refused without reading it', async () => {
  await expect(unpackBytes(rawTar([{ path: 'x', type: 'x', size: 2 ** 32 }]))).rejects.toMatchObject({
    code: 'ARCHIVE_DAMAGED',
  });
});

test('an archive cut off at any byte is refused and leaves nothing', async () => {
  const whole = gzipSync(writeTar([{ path: 'a/b.txt', content: Buffer.from('hello'), executable: false }]));
  for (let cut = 0; cut < whole.length; cut++) {
    await expect(unpackBytes(whole.subarray(0, cut))).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    expect(await readdir(folder)).toEqual([]);
  }
});

test('random and mutated archives never crash, hang or write outside', async () => {
  const good = writeTar([
    { path: 'a/b.txt', content: Buffer.from('hello'), executable: true },
    { path: 'long/'.repeat(30) + 'name', content: Buffer.from('x'), executable: false },
    { path: 'link', target: 'a/b.txt' },
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 }),
      async (changes) => {
        const bytes = Buffer.from(good);
        for (const [position, value] of changes) bytes[position] = value;
        await unpackBytes(bytes).catch((error: { code?: string }) =>
          expect(error.code).toMatch(/^(UNSAFE_ARCHIVE|ARCHIVE_DAMAGED|ENAMETOOLONG|EINVAL)$/),
        );
        expect((await readdir(folder)).filter((name) => name !== 'out')).toEqual([]);
        await rm(join(folder, 'out'), { recursive: true, force: true });
      },
    ),
    { numRuns: 300 },
  );
});

test('GNU tar reads what is written here', async () => {
  const long = `${'folder-with-a-long-name/'.repeat(12)}file.txt`;
  await writeFile(
    join(folder, 'x.tar'),
    writeTar([
      { path: 'run.sh', content: Buffer.from('#!/bin/sh\n'), executable: true },
      { path: long, content: Buffer.from('deep'), executable: false },
      { path: 'ünï.txt', content: Buffer.from('u'), executable: false },
      { path: 'l', target: 'run.sh' },
    ]),
  );
  execFileSync('tar', ['-xf', 'x.tar'], { cwd: folder });
  expect(await readFile(join(folder, long), 'utf8')).toBe('deep');
  expect(await readFile(join(folder, 'l'), 'utf8')).toBe('#!/bin/sh\n');
  expect((await stat(join(folder, 'run.sh'))).mode & 0o777).toBe(0o755);
});

test.each(['ustar', 'pax', 'gnu', 'v7', 'oldgnu'])(
  'archives of GNU tar in the %s format are read',
  async (format) => {
    const deep = format === 'v7' || format === 'ustar' ? 'd/e' : 'abcdefghij/'.repeat(15) + 'e';
    execFileSync(
      'sh',
      [
        '-c',
        `mkdir -p "$1" && echo hi > "$1/f.txt" && tar --format=${format} -czf x.tgz d* abc* 2>/dev/null || tar --format=${format} -czf x.tgz "$(echo "$1" | cut -d/ -f1)"`,
        'sh',
        deep,
      ],
      { cwd: folder },
    );
    const files = await unpack(Readable.from([await readFile(join(folder, 'x.tgz'))]), join(folder, 'out'));
    expect(files).toEqual([`${deep}/f.txt`]);
  },
);

test('every set of files comes back as it was', async () => {
  const name = fc.stringMatching(/^[a-z0-9.ü-]{1,60}$/u).filter((text) => text !== '.' && text !== '..');
  const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 2000 })), {
        maxLength: 8,
        selector: ([key]) => key,
      }),
      async (files) => {
        const tar = writeTar(files.map(([key, content]) => ({ path: key, content, executable: false })));
        const back: [string, number[]][] = [];
        for await (const item of readTar(
          (async function* () {
            yield tar;
          })(),
        )) {
          const chunks: Buffer[] = [];
          for await (const chunk of item.body) chunks.push(chunk);
          back.push([item.path, [...Buffer.concat(chunks)]]);
        }
        expect(new Map(back)).toEqual(new Map(files.map(([key, content]) => [key, [...content]])));
      },
    ),
    { numRuns: 100 },
  );
});
