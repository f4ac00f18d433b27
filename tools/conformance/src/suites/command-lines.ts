import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { ConformanceSuite } from '../suite.ts';

const root = join(import.meta.dirname, '../../../..');
const lines = 10_000;

/** The test of random command lines, with ten times the lines and a seed of its own. */
const suite: ConformanceSuite = {
  title: `Command lines: ${lines.toLocaleString('en')} random ones run, no stack, no nonsense accepted, nothing done unasked`,
  async run(say) {
    const seed = process.env['FUZZ_SEED'] ?? String(randomInt(2 ** 31));
    say(`seed ${seed} (FUZZ_SEED repeats it)`);
    const child = spawn(
      process.execPath,
      [join(root, 'node_modules/jest/bin/jest.js'), 'packages/core-cli/src/fuzz.test.ts', '--maxWorkers=1'],
      {
        cwd: root,
        env: {
          ...process.env,
          FUZZ_SEED: seed,
          FUZZ_RUNS: String(lines),
          NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return {
      cases: [
        code === 0
          ? { name: `${lines} command lines`, status: 'passed' }
          : { name: `${lines} command lines`, status: 'failed', reason: output.slice(0, 4000) },
      ],
    };
  },
};
export default suite;
