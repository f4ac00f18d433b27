import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const root = join(import.meta.dirname, '../../../..');

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly name: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Every `*.conformance.test.ts`: what is built, packed into images and installed, and what an upgrade survives. */
const suite: ConformanceSuite = {
  title: 'Build the lines and images, install, interrupt and roll back upgrades, test the distribution',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-conformance-'));
    try {
      const file = join(folder, 'report.json');
      await runJest(file, say);
      const { testResults } = JSON.parse(await readFile(file, 'utf8')) as Report;
      return { cases: testResults.flatMap(casesOf) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
export default suite;

function runJest(report: string, say: (message: string) => void): Promise<void> {
  const words = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...['--ci', '--runInBand', '--json', `--outputFile=${report}`],
    ...['--testMatch', '**/*.conformance.test.ts'],
    // The default leaves these files out.
    ...['--testPathIgnorePatterns', '/node_modules/'],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (/^\s*[✓✕]|^(?:PASS|FAIL)/.test(line)) say(line.trim());
    });
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

/** A file that could not run at all counts as one failure. */
function casesOf({ name, message, assertionResults }: Report['testResults'][number]): readonly CaseResult[] {
  if (assertionResults.length === 0) return [{ name, status: 'failed', reason: message }];
  return assertionResults.map(({ fullName, status, failureMessages }) =>
    status === 'passed'
      ? { name: fullName, status }
      : { name: fullName, status: 'failed', reason: failureMessages[0]?.split('\n')[0] ?? status },
  );
}
