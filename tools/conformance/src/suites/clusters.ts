import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const root = join(import.meta.dirname, '../../../..');

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

const suite: ConformanceSuite = {
  title: 'the clusters of the catalogue and applications in containers, each for real on three servers',
  run(say) {
    const folder = mkdtempSync(join(tmpdir(), 'provisioning-conformance-clusters-'));
    const report = join(folder, 'report.json');
    try {
      say('etcd, postgres-ha, monitoring, buildkit, web, a container application: some minutes');
      spawnSync(
        process.execPath,
        [
          '--experimental-vm-modules',
          'node_modules/jest/bin/jest.js',
          '--ci',
          '--json',
          `--outputFile=${report}`,
          '--maxWorkers=1',
          '--testMatch=**/operations/cluster/test/*.conformance.ts',
        ],
        {
          cwd: root,
          stdio: ['ignore', 'ignore', 'inherit'],
          env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
        },
      );
      const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
      return Promise.resolve({ cases: testResults.flatMap(casesOf) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default suite;

function casesOf({ message, assertionResults }: JestReport['testResults'][number]): CaseResult[] {
  if (assertionResults.length === 0) return [{ name: 'the tests start', status: 'failed', reason: message }];
  return assertionResults.map(({ fullName: name, status, failureMessages }) =>
    status === 'passed'
      ? { name, status: 'passed' }
      : { name, status: 'failed', reason: failureMessages.join('\n').slice(0, 500) },
  );
}
