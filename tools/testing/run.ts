/**
 * `npm test`: builds the bundles, installs the system packages the tests drive, runs every test and checks that nothing
 * is left behind. Arguments go to Jest: `npm test -- packages/core`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackages } from './system-packages.ts';
import { endStaleMonitors, leftovers } from './leftovers.ts';

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

interface JestSummary {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

const folder = mkdtempSync(join(tmpdir(), 'provisioning-test-'));
const report = join(folder, 'jest.json');
let failed: number;
try {
  ensureSystemPackages();
  if (run(process.execPath, ['tools/build/build.ts']) !== 0) process.exit(1);
  const before = await leftovers();
  const status = run(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--ci',
      '--json',
      `--outputFile=${report}`,
      ...process.argv.slice(2),
    ],
    { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --disable-warning=ExperimentalWarning`.trim() },
  );
  const known = new Set(before);
  await endStaleMonitors();
  const left = (await leftovers()).filter((entry) => !known.has(entry));
  for (const entry of left) console.error(`left behind: ${entry}`);
  const summary = JSON.parse(readFileSync(report, 'utf8')) as JestSummary;
  failed = summary.numFailedTests + summary.numRuntimeErrorTestSuites + left.length;
  if (failed === 0 && status !== 0) failed = 1;
  console.log(
    `\n${summary.numPassedTests} passed, ${failed} failed, ${summary.numPendingTests + summary.numTodoTests} skipped`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
