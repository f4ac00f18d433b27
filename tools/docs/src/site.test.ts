import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSite } from './site/build.ts';
import { serveSite } from './site/serve.ts';

describe('the documentation as a site', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-site-'));
  beforeAll(() => void buildSite(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const files = (): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html'))
      .map((name) => join(folder, name));

  test('24.A19 every part has its pages, and every page is three links from the hub or fewer', () => {
    for (const part of [
      'getting-started',
      'guides',
      'concepts',
      'how-to',
      'operations',
      'security',
      'testing',
      'integration',
      'reference',
      'troubleshooting',
    ])
      expect([part, files().some((file) => file.startsWith(join(folder, part)))]).toEqual([part, true]);
    const reached = new Set([join(folder, 'index.html')]);
    for (let step = 0; step < 3; step += 1)
      for (const file of [...reached]) for (const target of links(file)) reached.add(target);
    expect(files().filter((file) => !reached.has(file))).toEqual([]);
  });

  test('every link, anchor and picture is there, and nothing comes from elsewhere', () => {
    const dead: string[] = [];
    for (const file of files()) {
      const html = readFileSync(file, 'utf8');
      for (const [, address = ''] of html.matchAll(/(?:href|src)="([^"]+)"/g)) {
        if (/^(https?|data):/.test(address)) continue;
        const [path = '', anchor] = address.split('#');
        const target = path === '' ? file : resolve(dirname(file), path);
        if (!existsSync(target)) dead.push(`${file}: ${address}`);
        else if (anchor !== undefined && !readFileSync(target, 'utf8').includes(`id="${anchor}"`))
          dead.push(`${file}: ${address}`);
      }
      expect(html).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="https?:/);
    }
    expect(dead).toEqual([]);
  });

  test('the search knows every page, and the server shows them', async () => {
    const index = JSON.parse(readFileSync(join(folder, 'search.json'), 'utf8')) as {
      path: string;
      text: string;
    }[];
    expect(index.map(({ path }) => join(folder, path)).sort()).toEqual(files().sort());
    expect(index.filter(({ text }) => text.includes('Journal before effect'))).toHaveLength(1);
    const server = await serveSite(folder, 0);
    const { port } = server.address() as AddressInfo;
    const page = await fetch(`http://127.0.0.1:${port}/concepts/overview.html`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await fetch(`http://127.0.0.1:${port}/..%2f..%2fetc/passwd`)).status).toBe(404);
    await new Promise((done) => server.close(done));
  });

  function links(file: string): string[] {
    return [
      ...readFileSync(file, 'utf8')
        .replace(/<nav[\s\S]*?<\/nav>/, '')
        .matchAll(/href="([^"#]+)/g),
    ]
      .filter(([, address]) => !/^(https?|data):/.test(address!))
      .map(([, address]) => resolve(dirname(file), address!));
  }
});
