import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import fc from 'fast-check';
import { catalogue, run } from '../test/run.ts';
import { aliasRegistry } from './aliases/registry.ts';
import { globalOptions } from './argv/global-options.ts';
import type { Catalogue } from './command-catalogue.ts';
import { route } from './argv/route.ts';
import { checkCommandLine } from './check-line.ts';

/**
 * Commands that wait for a person, a stream or a network, that start what outlives them, or that write where they are
 * told: read, never run here.
 */
const notRun =
  /^(workspace (lock|request|clone|pull|push|sync)|config (edit|edit-secure|eval|daemon)|oci|oci-registry|dep|registry|pack|extension|orchestrator (start|restart|logs|monitor)|server (ssh|copy)|logs|(metrics|performance) monitor|workflow monitor|batch monitor|health monitor|daemon|form|runtime exec|completion install|docs .*--open)/;
/** Options that make a command go on until somebody ends it. */
const endless = /^--?(follow|watch|f)$/;

/** The same lines in every run; `FUZZ_SEED` gives others. */
const seed = Number(process.env.FUZZ_SEED ?? 20_261);

/** Lines that are run; the conformance suite runs ten thousand, with another seed every time. */
const runs = Number(process.env.FUZZ_RUNS ?? 1_000);

/** `--yes` would answer, `--debug` shows the stack. */
const forbidden = /^(--?y(es)?|--?d(ebug)?|-\w*[xy]\w*)(=.*)?$/;

let table: Catalogue;
let home: string;
let environment: Record<string, string>;
let ownOptions: readonly string[] = [];

beforeAll(async () => {
  table = await catalogue();
  home = mkdtempSync(join(tmpdir(), 'provisioning-fuzz-'));
  mkdirSync(join(home, 'work'));
  environment = {
    HOME: home,
    PATH: '',
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    ORCHESTRATOR_SERVER_PORT: '9',
    PROVISIONING_NONINTERACTIVE: '1',
  };
  const config = join(home, 'config', 'provisioning');
  mkdirSync(config, { recursive: true });
  writeFileSync(
    join(config, 'config.toml'),
    '[orchestrator]\nauto_start = false\nfallback_to_direct = false\n',
  );
  // A workspace in which commands have something to do, and destructive ones something to destroy.
  const made = await run(
    ['workspace', 'init', 'shop', '--template', 'demo', '--infra-name', 'demo', '--activate'],
    { environment, cwd: join(home, 'work') },
  );
  expect(made).toMatchObject({ code: 0 });
  const details = await Promise.all([...table.commands.keys()].map((id) => table.details(id)));
  ownOptions = [...new Set(details.flatMap(({ options }) => options.map(({ name }) => `--${name}`)))];
}, 60_000);
afterAll(async () => {
  await stopPrivateService({ variables: environment });
  rmSync(home, { recursive: true, force: true });
});

/** Words of commands, aliases, options and values, whole and damaged. */
function lines(): fc.Arbitrary<string[]> {
  const words = [...table.commands.keys()].flatMap((id) => id.split(' '));
  const aliases = aliasRegistry.flatMap(({ spellings }) =>
    spellings.flatMap((spelling) => spelling.split(' ')),
  );
  const options = globalOptions.flatMap(({ name, char, aliases: other = [] }) => [
    `--${name}`,
    ...(char === undefined ? [] : [`-${char}`]),
    ...other.map((alias) => `--${alias}`),
  ]);
  const special = [
    '-ws',
    '--',
    '-',
    '',
    'help',
    'h',
    '--no-yes',
    '--out=json',
    '--out=xml',
    '[a',
    'b]',
    '--a=b',
    '$(x)',
    '../..',
    '\u0000',
    '💥',
    'web-01',
    'x:y:z',
    'demo',
    'shop',
    'db-01',
    'redis',
    '-cy',
    '-999',
  ];
  const known = fc.constantFrom(...words, ...aliases, ...options, ...ownOptions, ...special);
  const damaged = fc.tuple(known, fc.nat(), fc.string({ maxLength: 3 })).map(([word, at, text]) => {
    const index = at % (word.length + 1);
    return word.slice(0, index) + text + word.slice(index + 1);
  });
  const start = fc.constantFrom(...[...table.commands.keys()].map((id) => id.split(' ')), []);
  const rest = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: known },
      { weight: 2, arbitrary: damaged },
      { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
    ),
    { maxLength: 6 },
  );
  return fc
    .tuple(start, rest)
    .map(([head, tail]) => [...head, ...tail].filter((word) => !forbidden.test(word)));
}

/** Everything that belongs to the person: settings and workspaces. What is only remembered may come and go. */
function snapshot(folder: string): string[] {
  return ['config', 'workspaces']
    .flatMap((name) => readdirSync(join(folder, name), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\/\.(cache|runtime)(\/|$)/.test(entry.parentPath))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return `${file}:${readFileSync(file, 'utf8').length}`;
    })
    .sort();
}

function commandOf(argv: readonly string[]): string {
  try {
    const found = route(table, argv);
    return found.help ? 'help' : found.words.join(' ');
  } catch {
    return '';
  }
}

describe('10,000 random command lines', () => {
  test('reading one never fails but with a usage error', async () => {
    await fc.assert(
      fc.asyncProperty(lines(), async (argv) => {
        const problem = await checkCommandLine(table, argv);
        expect(problem ?? '').not.toMatch(/undefined|\[object|TypeError|is not a function|Cannot read/);
      }),
      { numRuns: 9_000, seed },
    );
  }, 300_000);

  test('running one shows no stack, ends nonsense with an error, and changes nothing without confirmation', async () => {
    await fc.assert(
      fc.asyncProperty(lines(), async (argv) => {
        const id = commandOf(argv);
        if (notRun.test(id) || argv.some((word) => endless.test(word))) return;
        const asks =
          id !== '' &&
          table.commands.has(id) &&
          (await table.details(id)).metadata.tags.includes('destructive');
        const before = asks ? snapshot(home) : [];
        const { code, stdout, stderr } = await run(argv, { environment, cwd: join(home, 'work') });
        expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at (async )?[\w.<>#]+ \(.+:\d+:\d+\)/);
        expect(stderr).not.toContain('Internal error');
        expect([0, 1, 2, 3, 4, 5]).toContain(code);
        if ((await checkCommandLine(table, argv)) !== undefined) expect([argv, code]).not.toEqual([argv, 0]);
        if (asks) expect(snapshot(home)).toEqual(before);
      }),
      { numRuns: runs, seed },
    );
  }, 1_200_000);
});
