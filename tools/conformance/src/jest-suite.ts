import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult } from './suite.ts';

interface JestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs tests that the default tests leave out, and gives each as a case. @param match globs of test files. */
export function runJest(...match: readonly string[]): readonly CaseResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-conformance-'));
  const report = join(folder, 'report.json');
  try {
    spawnSync(
      process.execPath,
      [
        '--experimental-vm-modules',
        'node_modules/jest/bin/jest.js',
        '--ci',
        '--json',
        `--outputFile=${report}`,
        '--maxWorkers=1',
        ...match.map((glob) => `--testMatch=${glob}`),
      ],
      {
        cwd: join(import.meta.dirname, '..', '..', '..'),
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
      },
    );
    return (JSON.parse(readFileSync(report, 'utf8')) as JestReport).testResults.flatMap(casesOf);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function casesOf({ message, assertionResults }: JestReport['testResults'][number]): CaseResult[] {
  if (assertionResults.length === 0) return [{ name: 'the tests start', status: 'failed', reason: message }];
  return assertionResults.map(({ fullName: name, status, failureMessages }) =>
    status === 'passed'
      ? { name, status: 'passed' }
      : { name, status: 'failed', reason: failureMessages.join('\n').slice(0, 500) },
  );
}
