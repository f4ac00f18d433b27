import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { launcher } from './lines/launcher.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Everything a shell reads that lies in the repository: scripts by name, and by their first line. */
function scripts(): string[] {
  const files = globSync(['.ci/*', 'packages/**/*.{sh,sh.tpl,sh.hbs,bash}', 'tools/**/*.{sh,bash}'], {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
  });
  return files
    .map((file) => join(root, file))
    .filter(
      (file) => /\.(sh|bash)(\.|$)/.test(file) || /^#!.*sh\b/.test(readFileSync(file, 'utf8').slice(0, 80)),
    )
    .sort();
}

/** A template as the shell may see it: values stand for expressions, both branches of a block remain. */
const withoutHandlebars = (text: string): string =>
  text
    .replace(/^\s*\{\{[#/!][^}]*\}\}\s*$/gm, '')
    .replace(/\{\{[#/!][^}]*\}\}/g, '')
    .replace(/\{\{[^}]*\}\}/g, 'value');

/** Findings of shellcheck. @throws Error when there is no shellcheck: nothing passes unseen. */
function lint(files: readonly string[]): string {
  // Without a first line that says otherwise, it is the host's `sh`.
  const { stdout, stderr, error } = spawnSync('shellcheck', ['--shell', 'sh', '--format', 'gcc', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`.trim();
}

test('07 §7 every shell script of taskservs, scaffolds and installers passes shellcheck', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-shellcheck-'));
  try {
    const found = scripts();
    const names = found.map((file) => file.slice(root.length + 1));
    // What is linted is what there is: a pattern that finds nothing would let everything pass.
    for (const known of [
      '.ci/run',
      'packages/extensions-sdk/scaffolds/taskserv/scripts/install.sh.tpl',
      'packages/providers/local/scripts/build-base.sh',
      'packages/taskservs/databases/postgres/scripts/install.sh',
      'packages/taskservs/databases/pg-backup/default/pg-backup.sh.hbs',
      'tools/build/installer/install.sh',
    ]) {
      expect(names).toContain(known);
    }
    expect(found.length).toBeGreaterThan(90);
    const written = found.map((file, index) => {
      if (!file.endsWith('.hbs')) return file;
      const plain = join(folder, `${index}-${basename(file)}.sh`);
      writeFileSync(plain, withoutHandlebars(readFileSync(file, 'utf8')));
      return plain;
    });
    const program = join(folder, 'launcher.sh');
    writeFileSync(program, launcher('main.js'));
    const bash = [...written, program].filter((file) =>
      /^#!.*bash/.test(readFileSync(file, 'utf8').slice(0, 80)),
    );
    const plain = [...written, program].filter((file) => !bash.includes(file));
    expect(lint(plain)).toBe('');
    expect(lint(['--shell', 'bash', ...bash])).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

test('a script that is wrong does not pass', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-shellcheck-'));
  try {
    const file = join(folder, 'bad.sh');
    writeFileSync(file, '#!/bin/sh\nif [[ -e $1 ]]; then cd $2; rm -rf "$3/"*; fi\n');
    expect(lint([file])).toContain('SC2164');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
