import { beforeAll, describe, expect, test } from '@jest/globals';
import { splitWords } from '@provisioning/core';
import { catalogue, run } from '../../test/run.ts';
import { activeAliases } from '../aliases/resolve.ts';
import { type Catalogue, prefixes } from '../command-catalogue.ts';
import { categories, findCategory } from '../catalogue/categories.ts';
import { checkCommandLine } from '../check-line.ts';
import { firstSteps } from '../output/first-steps.ts';
import { topicSummary } from './pages.ts';

let table: Catalogue;
beforeAll(async () => {
  table = await catalogue();
});

/** Every way to ask for the page of these words. */
function ways(words: readonly string[]): string[][] {
  return [
    ['help', ...words],
    [...words, 'help'],
    [...words, 'h'],
    [...words, '--help'],
    [...words, '-h'],
    ['--help', ...words],
  ];
}

async function expectSamePage(spellings: readonly string[][]): Promise<void> {
  const pages = await Promise.all(spellings.map((argv) => run(argv)));
  for (const [index, page] of pages.entries()) {
    expect([spellings[index]!.join(' '), page.code]).toEqual([spellings[index]!.join(' '), 0]);
    expect(page.stdout).toBe(pages[0]!.stdout);
  }
}

describe('help', () => {
  test('01.A1 every command and topic prints one page, however it is asked for', async () => {
    for (const id of prefixes(table)) await expectSamePage(ways(id.split(' ')));
  });

  test('01.A1 every alias prints the page of its command', async () => {
    for (const [alias, target] of activeAliases(table)) {
      const own = findCategory(table, alias) === undefined ? [['help', ...target.split(' ')]] : [];
      await expectSamePage([...ways(alias.split(' ')), ...own]);
    }
  });

  test('01.A1 every category and its aliases print one page', async () => {
    for (const category of categories) {
      const names = [category.name, ...category.aliases].filter(
        (name) => findCategory(table, name) === category,
      );
      if (names.length > 0) await expectSamePage(names.flatMap((name) => ways([name])));
    }
  });

  test('no argument, help and --help print the overview', async () => {
    await expectSamePage([[], ['help'], ['--help'], ['-h']]);
    const { stdout } = await run([]);
    expect(stdout).toContain('Usage:');
    expect(stdout).toContain("Use 'provisioning help <category>' or 'provisioning help <command>'");
  });

  test('every topic says what it is about, and what it stands for alone', async () => {
    const silent = [...prefixes(table)].filter(
      (id) => !table.commands.has(id) && topicSummary(table, id) === '',
    );
    expect(silent).toEqual([]);
    const { stdout } = await run(['help', 'cache']);
    expect(stdout).toContain('  provisioning cache  = cache stats\n');
    expect(stdout).toContain('  provisioning cache clear --check\n');
    const pages = await Promise.all(
      categories.map(({ page }) => (page === undefined ? 0 : run(['docs', page, '--path']))),
    );
    expect(pages.filter((page) => page !== 0 && page.code !== 0)).toEqual([]);
  });

  test('what an empty list tells to do are commands of this version', async () => {
    for (const line of Object.values(firstSteps).flatMap((text) => text.split(/\. |, then /))) {
      const [, words] = /provisioning (.+)$/.exec(line) ?? [];
      if (words !== undefined)
        expect([line, await checkCommandLine(table, splitWords(words))]).toEqual([line, undefined]);
    }
  });

  test('an unknown topic is a usage error with the nearest name', async () => {
    const { code, stderr } = await run(['help', 'comands']);
    expect(code).toBe(2);
    expect(stderr).toContain('Unknown help topic: comands');
    expect(stderr).toContain('Did you mean: provisioning help commands?');
  });

  test('01.A19 every command has metadata, an example and a page that shows both', async () => {
    for (const id of table.commands.keys()) {
      const details = await table.details(id);
      expect([id, details.examples.length > 0]).toEqual([id, true]);
      expect([id, details.metadata.description.length > 0]).toEqual([id, true]);
      const { stdout } = await run(['help', ...id.split(' ')]);
      if (!findCategory(table, id)) expect(stdout).toContain('Examples:');
    }
  });

  test('01.A19 every alias is in help', async () => {
    const overview = (await run(['help'])).stdout;
    const pages = new Map<string, string>();
    for (const [alias, target] of activeAliases(table)) {
      if (!pages.has(target)) pages.set(target, (await run(['help', ...target.split(' ')])).stdout);
      const shown = overview.includes(alias) || pages.get(target)!.includes(alias.split(' ').at(-1)!);
      expect([alias, shown]).toEqual([alias, true]);
    }
  });

  test('--example shows the examples alone: of a command, of a topic, of a category', async () => {
    const own = (await run(['help', 'server', 'create', '--example'])).stdout.split('\n');
    expect(own[0]).toBe('Examples:');
    expect(own.slice(1, -1)).toEqual(
      (await table.details('server create')).examples.map((example) => `  ${example}`),
    );
    expect((await run(['server', 'create', '--help', '--example'])).stdout.split('\n')).toEqual(own);
    const topic = (await run(['help', 's', '--example'])).stdout;
    expect(topic).toContain('  provisioning server ssh');
    expect(topic).not.toContain('provisioning taskserv');
    const category = (await run(['help', 'infra', '--example'])).stdout;
    expect(category).toContain('  provisioning taskserv');
    expect(category).not.toContain('  provisioning workflow');
    expect((await run(['help', 'nope', '--example'])).code).toBe(2);
  });

  test('words that are no commands are answered from the documentation', async () => {
    for (const word of ['security', 'auth', 'testing', 'test', 'setup', 'installer', 'concepts']) {
      await expectSamePage(ways([word]));
      const { stdout } = await run(['help', word]);
      const [, topic = ''] = /^See: provisioning docs (.+)$/m.exec(stdout) ?? [];
      expect((await run(['docs', topic, '--path'])).code).toBe(0);
    }
    expect((await run(['help', 'security'])).stdout).toContain('Artifacts');
  });
});
