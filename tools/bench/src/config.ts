import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadConfiguration, parseDocument, processSurroundings } from '@provisioning/core';
import { type BenchRow, type BenchSuite, median, medians, row, timed } from './suite.ts';

const files = [
  'user/system.toml',
  'user/providers/aws.toml',
  'w/config/provisioning.toml',
  'w/config/security.toml',
  'w/config/providers/upcloud.toml',
  'w/config/platform/orchestrator.toml',
  'w/config/environments/dev.toml',
  'w/infra/main/config.toml',
  'user/config.toml',
  'w/config/local-overrides.toml',
];
const keysInAll = 1000;
const runs = 301;
const warm = 100;

/** A hundred keys of every kind; one in ten is an expression. */
function content(file: string, index: number): string {
  const lines = file.endsWith('provisioning.toml')
    ? ['[workspace]', 'name = "w"', 'version = "1.0.0"', '']
    : [];
  for (let section = 0; section < 10; section++) {
    lines.push(`[bench_${(index + section) % 15}.part_${section}]`);
    for (let key = 0; key < keysInAll / files.length / 10; key++) {
      const kinds = [
        `"text ${index}-${key}"`,
        `${key * 17}`,
        'true',
        '["a", "b", 3]',
        '1.5',
        `"{{paths.base}}/x-${key}"`,
      ];
      lines.push(`key_${key} = ${kinds[key % kinds.length]!}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

async function build(root: string): Promise<string[]> {
  return Promise.all(
    files.map(async (file, index) => {
      const full = path.join(root, file);
      await mkdir(path.dirname(full), { recursive: true });
      await writeFile(full, content(file, index));
      return full;
    }),
  );
}

/** The same data as one record, for `nickel export`. */
async function nickelRow(root: string, ours: number, value: unknown): Promise<BenchRow[]> {
  const binary = process.env['NICKEL_PATH'] ?? 'nickel';
  const run = promisify(execFile);
  const found = await run(binary, ['--version']).then(
    () => true,
    () => false,
  );
  if (!found)
    return [
      row('full load against nickel export', 'ms', ours, null, 'nickel export (no nickel binary here)'),
    ];
  const file = path.join(root, 'data.ncl');
  await writeFile(file, nickel(value));
  const theirs = await timed(
    7,
    () => run(binary, ['export', file, '--format', 'json'], { maxBuffer: 1 << 26 }),
    1,
  );
  return [row('full load against nickel export', 'ms', ours, median(theirs), 'nickel export')];
}

function nickel(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(nickel).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)} = ${nickel(item)}`)
    .join(', ')}}`;
}

const suite: BenchSuite = {
  title: `Configuration: ${files.length} layer files, ${keysInAll} keys, interpolation, validation`,
  async run(say) {
    const root = await mkdtemp(path.join(tmpdir(), 'bench-config-'));
    try {
      const full = await build(root);
      const surroundings = {
        ...processSurroundings('/opt/provisioning'),
        env: { PROVISIONING_HOME: path.join(root, 'user'), PROVISIONING_ENV: 'dev' },
        cwd: root,
        home: root,
      };
      const load = (): Promise<unknown> =>
        loadConfiguration({
          surroundings,
          workspace: { name: 'w', path: path.join(root, 'w') },
          infra: 'main',
        });
      const read = (): Promise<string[]> => Promise.all(full.map((file) => readFile(file, 'utf8')));
      const texts = await read();
      const parseAll = (contents: readonly string[]): void => {
        for (const text of contents) parseDocument(text, 'x.toml');
      };
      const first = await timed(1, load);
      const [ours = 0, alone = 0, parsed = 0] = await medians(
        runs,
        [load, async () => parseAll(await read()), () => parseAll(texts)],
        warm,
      );
      say(`first load in a fresh process ${first[0]!.toFixed(1)} ms`);
      const loaded = (await load()) as { toJSON(): unknown };
      return {
        rows: [
          row('full load', 'ms', ours, alone, 'reading and parsing the same TOML files'),
          row('full load against parsing in memory', 'ms', ours, parsed, 'parsing the same TOML texts'),
          row('full load, the first in a process', 'ms', first[0]!, null, 'none: the limit is 25 ms'),
          ...(await nickelRow(root, ours, loaded.toJSON())),
        ],
      };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};
export default suite;
