import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { run } from '../../test/run.ts';

test('docs lists the pages, finds lines and shows one as Markdown', async () => {
  const list = await run(['docs', '--out', 'json']);
  const pages = JSON.parse(list.stdout) as { topic: string; title: string; path: string }[];
  expect(pages.map(({ topic }) => topic)).toEqual(
    expect.arrayContaining(['README', 'concepts/overview', 'guides/from-scratch', 'reference/cli']),
  );
  expect(pages.every(({ path, title }) => existsSync(path) && title !== '')).toBe(true);
  expect((await run(['docs', 'concepts/overview'])).stdout).toMatch(/^# /);
  expect((await run(['docs', 'overview'])).stdout).toBe((await run(['docs', 'concepts/overview.md'])).stdout);
  const found = await run(['docs', 'from-scratch', '--search', 'POSTGRESQL', '--out', 'json']);
  expect(JSON.parse(found.stdout)[0]).toMatchObject({
    topic: 'guides/from-scratch',
    text: expect.stringMatching(/PostgreSQL/),
  });
});

test('docs of an unknown page is exit 5 with the nearest', async () => {
  const { code, stderr } = await run(['docs', 'from-scrach']);
  expect(code).toBe(5);
  expect(stderr).toContain('Unknown documentation page: from-scrach');
  expect(stderr).toContain('Did you mean: provisioning docs from-scratch?');
});

test('help all and --all list every command', async () => {
  const { code, stdout } = await run(['help', 'all']);
  expect(code).toBe(0);
  expect(stdout).toBe((await run(['--all'])).stdout);
  expect(stdout).toContain('workspace init');
});
