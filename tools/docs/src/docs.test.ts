import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkCommandLine, scanCatalogue } from '@provisioning/cli';
import { documentedLines, markdownFiles, wordsOf } from './commands.ts';
import { generatedPages } from './pages.ts';

const root = join(import.meta.dirname, '../../..');
const docs = join(root, 'docs');
const files = [...markdownFiles(docs), join(root, 'README.md')].filter(existsSync);

describe('the documentation', () => {
  test('24.A8 every command line exists, with those options', async () => {
    const catalogue = await scanCatalogue();
    const wrong: string[] = [];
    for (const file of files) {
      for (const line of documentedLines(root, file)) {
        const problem = await checkCommandLine(catalogue, wordsOf(line.text));
        if (problem !== undefined) wrong.push(`${line.file}:${line.line}: ${line.text}: ${problem}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('24.A8 every command that a sentence names exists, with those options', async () => {
    const catalogue = await scanCatalogue();
    const wrong: string[] = [];
    for (const file of files) {
      const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
      for (const [, line] of text.matchAll(/`(provisioning [a-z][^`]+)`/g)) {
        const problem = await checkCommandLine(catalogue, wordsOf(line!));
        // A sentence may name a command without its arguments, and where they would stand.
        if (problem !== undefined && problem !== 'an argument is missing')
          wrong.push(`${file}: ${line}: ${problem}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('24.A8 an unknown option in a command line is noticed', async () => {
    const catalogue = await scanCatalogue();
    expect(await checkCommandLine(catalogue, ['server', 'list', '--nope'])).toContain(
      'Unknown option: --nope',
    );
    expect(await checkCommandLine(catalogue, ['server', 'fly'])).toContain('Unknown subcommand: fly');
    expect(await checkCommandLine(catalogue, ['server', 'info'])).toBe('an argument is missing');
  });

  test('24.A8 every link leads somewhere', () => {
    const dead: string[] = [];
    for (const file of files) {
      const text = readFileSync(file, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target!) || target!.startsWith('#')) continue;
        const path = resolve(dirname(file), target!.split('#')[0]!);
        if (!existsSync(path)) dead.push(`${file}: ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  test('generated pages are up to date', async () => {
    for (const [name, text] of Object.entries(await generatedPages())) {
      expect([name, existsSync(join(docs, name)) && readFileSync(join(docs, name), 'utf8') === text]).toEqual(
        [name, true],
      );
    }
  });

  test('every page can be reached from the hub in three links', () => {
    const reached = new Set([join(docs, 'README.md')]);
    for (let step = 0; step < 3; step += 1) {
      for (const file of [...reached]) {
        if (!file.endsWith('.md') || !existsSync(file)) continue;
        for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\(([^)\s#]+)/g)) {
          if (!/^[a-z]+:/.test(target!)) reached.add(resolve(dirname(file), target!));
        }
      }
    }
    expect(markdownFiles(docs).filter((file) => !reached.has(file))).toEqual([]);
  });
});
