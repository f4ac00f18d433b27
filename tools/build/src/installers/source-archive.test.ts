import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeSourceArchive } from './source-archive.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-source-'));
  root = join(folder, 'clone');
  mkdirSync(join(root, 'packages'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(join(root, 'packages/one.ts'), 'export {};\n');
  writeFileSync(join(root, '.gitignore'), '.env\n');
  writeFileSync(join(root, '.env'), 'SECRET=1\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function commit(): void {
  const git = (...words: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], {
      cwd: root,
      stdio: 'ignore',
    });
  git('init');
  git('add', '.');
  git('commit', '-m', 'first');
}

const make = (outputDir: string): Promise<string> =>
  makeSourceArchive({ root, version: '3.2.1', outputDir: join(folder, outputDir) });

test('11 §4 a source archive holds what is committed and how to build it, the same bytes each time', async () => {
  commit();
  writeFileSync(join(root, 'left-over.ts'), 'not committed');
  const file = await make('first');
  const names = execFileSync('tar', ['tzf', file], { encoding: 'utf8' }).trim().split('\n');
  expect(names.filter((name) => !name.endsWith('/')).sort()).toEqual(
    ['.gitignore', 'BUILD.md', 'package.json', 'packages/one.ts'].map(
      (name) => `provisioning-3.2.1-source/${name}`,
    ),
  );
  const guide = execFileSync('tar', ['xzOf', file, 'provisioning-3.2.1-source/BUILD.md'], {
    encoding: 'utf8',
  });
  for (const command of [
    'npm ci',
    'npm run build -- --version 3.2.1',
    'npm run install-local -- --version 3.2.1',
  ])
    expect(guide).toContain(command);
  expect(readFileSync(await make('second')).equals(readFileSync(file))).toBe(true);
});

test('without a clone there is no source archive', async () => {
  await expect(make('none')).rejects.toThrow('git clone');
});
