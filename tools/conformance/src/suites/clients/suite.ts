import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { installPython, python } from '../api/python.ts';
import { startProgram } from '../api/service.ts';
import { playAll } from './play.ts';
import { freePort } from '../../../../testing/free-port.ts';

/** What the generated part must do against the running server, in the order in which a driver prints it. */
const expected = [
  'health: healthy',
  'submitted: queued',
  'status: Completed',
  'total: 1',
  'unknown task: 404 NOT_FOUND',
  'bad body: 422 VALIDATION_FAILED',
];

interface Language {
  readonly name: string;
  /** Generator's own name. */
  readonly generator: string;
  readonly options: string;
  readonly needs: string;
  /** Commands in the folder of the generated client. */
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** The driver, and where it goes. */
  readonly driver: readonly [string, string];
  /** The hand-written part beside the generated one, for the points of 14 §9. */
  readonly layer: {
    /** Where it goes; it stands in `packages/client/languages`. */
    readonly target: string;
    readonly driver: readonly [string, string];
    readonly commands: readonly (readonly [string, ...string[]])[];
    /** Starts the driver, in the folder of the generated client. */
    readonly start: readonly [string, ...string[]];
    /** The quickstart of 14 §8: its file, where it goes, and how it is run. */
    readonly quickstart: readonly [string, string, readonly [string, ...string[]]];
    /** A line that the generated package needs to know its hand-written part. */
    readonly entry?: readonly [file: string, line: string];
  };
}

/** Crates of the hand-written part beside those of the generated one. */
const crates: readonly (readonly string[])[] = [
  ['tokio', '--features', 'macros,rt-multi-thread,time,sync,net,io-std,io-util'],
  ['tokio-tungstenite@0.26'],
  ['futures-util@0.3', '--features', 'sink'],
  ['serde_json@1.0.140', '--features', 'raw_value'],
  ['uuid@1', '--features', 'v4'],
  ['hmac@0.12'],
  ['sha2@0.10'],
  ['hex@0.4'],
  ['base64@0.22'],
  ['httpdate@1'],
  ['fastrand@2'],
  ['log@0.4'],
];

const languages: readonly Language[] = [
  {
    name: 'python',
    generator: 'python',
    options: 'packageName=provisioning_client',
    needs: join(python, 'bin', 'python'),
    commands: [[join(python, 'bin', 'python'), 'driver.py']],
    driver: ['driver.py', 'driver.py'],
    layer: {
      target: 'provisioning_client/client',
      driver: ['points.py', 'points.py'],
      commands: [],
      start: [join(python, 'bin', 'python'), 'points.py'],
      quickstart: ['quickstart.py', 'quickstart.py', [join(python, 'bin', 'python'), 'quickstart.py']],
    },
  },
  {
    name: 'go',
    generator: 'go',
    // Several enumerations have the same words; a Go package has one space of names.
    options: 'packageName=provisioning,isGoSubmodule=false,enumClassPrefix=true',
    needs: 'go',
    commands: [
      ['go', 'mod', 'tidy'],
      ['go', 'run', './driver'],
    ],
    driver: ['driver.go', 'driver/main.go'],
    layer: {
      target: 'client',
      driver: ['points.go', 'points/main.go'],
      commands: [
        ['go', 'mod', 'edit', '-go=1.25'],
        ['go', 'mod', 'tidy'],
        ['go', 'vet', './client', './points', './quickstart'],
        ['go', 'build', '-o', 'points-driver', './points'],
      ],
      start: ['./points-driver'],
      quickstart: ['quickstart/main.go', 'quickstart/main.go', ['go', 'run', './quickstart']],
    },
  },
  {
    name: 'rust',
    generator: 'rust',
    options: 'packageName=provisioning_rs',
    needs: 'cargo',
    commands: [
      ['cargo', 'add', '--quiet', '--dev', 'tokio', '--features', 'macros,rt'],
      ['cargo', 'run', '--quiet', '--no-default-features', '--example', 'driver'],
    ],
    driver: ['driver.rs', 'examples/driver.rs'],
    layer: {
      target: 'src/client',
      driver: ['points.rs', 'examples/points.rs'],
      commands: [
        ...crates.map((words) => ['cargo', 'add', '--quiet', ...words] as const),
        ['cargo', 'build', '--quiet', '--no-default-features', '--examples'],
      ],
      start: ['./target/debug/examples/points'],
      quickstart: ['quickstart.rs', 'examples/quickstart.rs', ['./target/debug/examples/quickstart']],
      entry: ['src/lib.rs', 'pub mod client;'],
    },
  },
];

const suite: ConformanceSuite = {
  title:
    '14.A20 clients in Python, Go and Rust: generated from the served description, and the points of 14 §9',
  async run(say) {
    const missing = installPython(say) ?? installGenerator(say);
    if (missing !== undefined) return { cases: [{ name: 'generator', status: 'skipped', reason: missing }] };
    const folder = mkdtempSync(join(tmpdir(), 'conformance-clients-'));
    try {
      const own = join(import.meta.dirname, 'drivers', 'driver.ts');
      const typescript = [process.execPath, '--no-warnings', own] as const;
      const cases: CaseResult[] = [...(await playAll('typescript', typescript, import.meta.dirname))];
      for (const language of languages) {
        // A server of its own: every driver counts the tasks there are.
        await using service = await startProgram(await freePort(), true);
        const document = join(folder, `${language.name}.json`);
        writeFileSync(document, await (await fetch(`${service.url}/api/v1/openapi.json`)).text());
        say(`${language.name}: generating and building`);
        const generated = join(folder, language.name);
        cases.push(...check(language, document, generated, service.url));
        if (cases.at(-1)?.status === 'passed')
          cases.push(...(await points(language, generated, service.url)));
      }
      return { cases };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default suite;

function installGenerator(say: (message: string) => void): string | undefined {
  const there = ['openapi-generator-cli', 'httpx', 'websockets'];
  if (there.every((name) => existsSync(join(python, 'bin', name)))) return undefined;
  say('installing openapi-generator-cli');
  const packages = ['openapi-generator-cli', 'pydantic', 'urllib3', 'python-dateutil', 'httpx', 'websockets'];
  const { status, stderr } = run(join(python, 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    ...packages,
  ]);
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
}

function check(language: Language, document: string, folder: string, url: string): CaseResult[] {
  const { name } = language;
  if (run(language.needs, [name === 'go' ? 'version' : '--version']).status !== 0) {
    return [{ name, status: 'skipped', reason: `${language.needs} is not installed` }];
  }
  const generated = run(join(python, 'bin', 'openapi-generator-cli'), [
    ...['generate', '-i', document, '-g', language.generator, '-o', folder],
    ...['--git-user-id', 'provisioning-systems', '--git-repo-id', 'go-client'],
    // A value that a later server adds is no error.
    ...['--additional-properties', `${language.options},enumUnknownDefaultCase=true`],
  ]);
  if (generated.status !== 0) return [failed(`${name}: is generated`, generated)];
  const [source, target] = language.driver;
  mkdirSync(join(folder, target, '..'), { recursive: true });
  cpSync(join(import.meta.dirname, 'drivers', source), join(folder, target));
  const results: CaseResult[] = [{ name: `${name}: is generated`, status: 'passed' }];
  let output = '';
  for (const [command, ...args] of language.commands) {
    const ended = run(command, args, folder, { API: url });
    output += ended.stdout;
    if (ended.status !== 0) return [...results, failed(`${name}: builds and runs`, ended)];
  }
  const lines = output.split('\n');
  for (const line of expected) {
    const passed = lines.includes(line);
    results.push(
      passed
        ? { name: `${name}: ${line}`, status: 'passed' }
        : { name: `${name}: ${line}`, status: 'failed', reason: output.trim().slice(-500) },
    );
  }
  return results;
}

/** The points of 14 §9 and the quickstart, with the hand-written part beside the generated one. */
async function points({ name, layer }: Language, folder: string, url: string): Promise<CaseResult[]> {
  const source = join(import.meta.dirname, '../../../../../packages/client/languages', name);
  cpSync(join(source, 'client'), join(folder, layer.target), { recursive: true });
  const [driver, target] = layer.driver;
  const [quickstart, place, command] = layer.quickstart;
  for (const [from, to] of [
    [join(import.meta.dirname, 'drivers', driver), target],
    [join(source, quickstart), place],
  ] as const) {
    mkdirSync(join(folder, to, '..'), { recursive: true });
    cpSync(from, join(folder, to));
  }
  if (layer.entry) appendFileSync(join(folder, layer.entry[0]), `${layer.entry[1]}\n`);
  for (const [command, ...args] of layer.commands) {
    const ended = run(command, args, folder);
    if (ended.status !== 0) return [failed(`${name}: the hand-written part builds`, ended)];
  }
  return [...(await playAll(name, layer.start, folder)), ...tryQuickstart(name, command, folder, url)];
}

/** Against the real server: a plan of what would be made, and an infrastructure that is not there. */
function tryQuickstart(
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  folder: string,
  url: string,
): CaseResult[] {
  const environment = { PROVISIONING_API_URL: url };
  const good = run(command, [...args, '--check', 'production'], folder, environment);
  const bad = run(command, [...args, 'nowhere'], folder, environment);
  const isGood = good.status === 0 && /^Task: [0-9a-f-]{36}\nCompleted\n\{/.test(good.stdout);
  const isBad = bad.status === 1 && bad.stderr.includes("'nowhere'");
  return [
    isGood
      ? { name: `${name}: the quickstart prints its task and what it did`, status: 'passed' }
      : failed(`${name}: the quickstart prints its task and what it did`, good),
    isBad
      ? { name: `${name}: the quickstart says what is wrong`, status: 'passed' }
      : failed(`${name}: the quickstart says what is wrong`, bad),
  ];
}

function run(
  command: string,
  args: readonly string[],
  cwd?: string,
  environment: Record<string, string> = {},
) {
  return spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, ...environment },
  });
}

function failed(name: string, { stdout, stderr, error }: ReturnType<typeof run>): CaseResult {
  const reason = (error?.message ?? '') + `${stdout ?? ''}${stderr ?? ''}`.trim().slice(-1500);
  return { name, status: 'failed', reason };
}
