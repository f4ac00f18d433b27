import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writeZip } from './zip.ts';

test('Python reads the archive: names, contents, modes and times; equal files give equal bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-zip-'));
  const files = [
    { path: 'a/größe.txt', content: Buffer.from('hello\r\n') },
    { path: 'a/empty', content: Buffer.alloc(0) },
    { path: 'run.cmd', content: Buffer.alloc(100_000, 'x'), executable: true },
  ];
  try {
    const bytes = writeZip(files, 1_700_000_000);
    expect(writeZip(files, 1_700_000_000).equals(bytes)).toBe(true);
    writeFileSync(join(folder, 'a.zip'), bytes);
    const code = `
import sys, zipfile, json
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename, i.file_size, oct(i.external_attr >> 16), list(i.date_time)] for i in z.infolist()]))
print(z.read('a/größe.txt'))`;
    const { stdout, status } = spawnSync('python3', ['-c', code, join(folder, 'a.zip')], {
      encoding: 'utf8',
    });
    const [listed, content] = stdout.split('\n');
    expect([status, content]).toEqual([0, String.raw`b'hello\r\n'`]);
    const time = [2023, 11, 14, 22, 13, 20];
    expect(JSON.parse(listed!)).toEqual([
      ['a/größe.txt', 7, '0o100644', time],
      ['a/empty', 0, '0o100644', time],
      ['run.cmd', 100_000, '0o100755', time],
    ]);
    expect(statSync(join(folder, 'a.zip')).size).toBeLessThan(1000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
