import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const own = new Set(['checksums.txt', 'checksums.sha256', 'checksums.md5', 'test-dist.json']);

/**
 * `checksums.txt`, `checksums.sha256` (the same) and `checksums.md5` over every file of a folder, as `sha256sum -c` reads
 * them (11 §3). Signatures are not listed: the one of `checksums.txt` covers all that it lists.
 * @returns the names listed.
 */
export async function writeChecksums(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !own.has(entry.name) && !/^\.|\.sig$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  const lines = { sha256: '', md5: '' };
  for (const name of names) {
    const [sha256, md5] = await hashes(join(folder, name));
    lines.sha256 += `${sha256!}  ${name}\n`;
    lines.md5 += `${md5!}  ${name}\n`;
  }
  await replace(join(folder, 'checksums.txt'), lines.sha256);
  await replace(join(folder, 'checksums.sha256'), lines.sha256);
  await replace(join(folder, 'checksums.md5'), lines.md5);
  return names;
}

async function hashes(file: string): Promise<readonly string[]> {
  const both = [createHash('sha256'), createHash('md5')];
  await pipeline(createReadStream(file), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) for (const hash of both) hash.update(chunk);
  });
  return both.map((hash) => hash.digest('hex'));
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.${process.pid}`, text);
  await rename(`${file}.${process.pid}`, file);
}
