/**
 * `npm test`: installs the system packages the tests drive, runs every test and checks that nothing
 * is left behind. Arguments go to Jest: `npm test -- packages/core`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureSystemPackages } from './system-packages.ts';
import { endStaleMonitors, leftovers, leftSince } from './leftovers.ts';

const root = join(import.meta.dirname, '..', '..');

function run(command: string, args: readonly string[], environment: Record<string, string> = {}): number {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** What a test file came to, of Jest's JSON report. */
interface FileResult {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  /** Empty when the file itself could not run. */
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'provisioning-test-'));

/** Runs Jest; `undefined` when it wrote no report. */
function jest(args: readonly string[]): readonly FileResult[] | undefined {
  const report = join(folder, 'jest.json');
  rmSync(report, { force: true });
  run(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--ci',
      '--json',
      `--outputFile=${report}`,
      ...args,
    ],
    { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --disable-warning=ExperimentalWarning`.trim() },
  );
  if (!existsSync(report)) return undefined;
  return (JSON.parse(readFileSync(report, 'utf8')) as { testResults: FileResult[] }).testResults;
}

const failures = (results: readonly FileResult[]): string[] =>
  results
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      const file = relative(root, name);
      return failed.length === 0 ? [file] : failed.map(({ fullName }) => `${file}: ${fullName}`);
    });

const count = (results: readonly FileResult[], ...states: string[]): number =>
  results.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => states.includes(status))
    .length;

/** Runs everything; answers whether all is well. */
async function main(): Promise<boolean> {
  ensureSystemPackages();
  const before = new Set(await leftovers());
  const first = jest(process.argv.slice(2));
  if (first === undefined || first.length === 0) return false;
  // Tests of real parts share one machine. A file that failed among the others runs once more, alone: failing again is a
  // failure; passing is reported as unstable, a defect of the test (or a race of ours) for somebody to repair.
  // What the failed try left behind goes with its failure: the second try is judged by what it leaves itself.
  const again = first.filter(({ status }) => status === 'failed').map(({ name }) => name);
  const abandoned = again.length === 0 ? [] : await leftSince(before);
  const second = again.length === 0 ? undefined : jest(['--runInBand', '--runTestsByPath', ...again]);
  const results =
    second === undefined ? first : [...first.filter(({ name }) => !again.includes(name)), ...second];
  const failed = failures(results);
  await endStaleMonitors();
  const left = await leftSince(new Set([...before, ...abandoned]));
  const unstable = failures(first).filter((name) => !failed.includes(name));
  for (const entry of abandoned) console.error(`left behind by a try that failed: ${entry}`);
  for (const name of unstable) console.error(`unstable (failed, then passed alone): ${name}`);
  for (const name of failed) console.error(`failed: ${name}`);
  for (const entry of left) console.error(`left behind: ${entry}`);
  const amiss = failed.length + left.length;
  console.log(
    `\n${count(results, 'passed')} passed, ${amiss} failed, ${count(results, 'pending', 'todo')} skipped`,
  );
  return amiss === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
