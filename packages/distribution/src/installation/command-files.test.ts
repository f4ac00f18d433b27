import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { programCommand, writeCommandFiles } from './command-files.ts';

test('Windows gets a command file for every start script, with lines that end as there', async () => {
  const tree = await mkdtemp(join(tmpdir(), 'provisioning-command-files-'));
  try {
    await mkdir(join(tree, 'bin'));
    const script = '#!/bin/sh\nexec "$node" "$lib/core/node_modules/@provisioning/cli/bin/run.js" "$@"\n';
    await writeFile(join(tree, 'bin/provisioning'), script);
    await writeFile(join(tree, 'bin/other'), '#!/bin/sh\n');
    expect(await writeCommandFiles(tree)).toEqual(['bin/provisioning.cmd']);
    const text = await readFile(join(tree, 'bin/provisioning.cmd'), 'utf8');
    expect(text).toContain(String.raw`"%node%" "%lib%\core\node_modules\@provisioning\cli\bin\run.js" %*`);
    expect(text.split('\n').every((line) => line === '' || line.endsWith('\r'))).toBe(true);
  } finally {
    await rm(tree, { recursive: true });
  }
});

test('a start script runs by itself, on Windows through the shell', () => {
  expect(programCommand('/p/bin/provisioning', ['--version'], 'linux')).toEqual([
    '/p/bin/provisioning',
    ['--version'],
  ]);
  const [shell, words] = programCommand('C:\\p\\bin\\provisioning', ['--version'], 'win32');
  expect([shell, words.slice(-2)]).toEqual(['cmd.exe', ['C:\\p\\bin\\provisioning.cmd', '--version']]);
});
