import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const root = join(import.meta.dirname, '../../../..');
const providers = ['hetzner', 'upcloud'];
const schedules = 500;

const suite: ConformanceSuite = {
  title: `${schedules * providers.length} random schedules of provider faults`,
  async run(say) {
    const cases: CaseResult[] = providers.map((provider) => {
      say(`${schedules} schedules against ${provider}`);
      const { status, stderr } = spawnSync(
        process.execPath,
        [
          '--experimental-vm-modules',
          'node_modules/jest/bin/jest.js',
          '--ci',
          `packages/providers/${provider}/test/faults`,
        ],
        {
          cwd: root,
          encoding: 'utf8',
          env: {
            ...process.env,
            FAULT_SCHEDULES: String(schedules),
            NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
          },
        },
      );
      const name = `${provider}: no duplicate, no orphan in ${schedules} schedules`;
      if (stderr.includes('left out:'))
        return { name, status: 'skipped', reason: 'its description is not beside the repository' };
      if (status === 0) return { name, status: 'passed' };
      return { name, status: 'failed', reason: /seed \d+ [^"]*/.exec(stderr)?.[0] ?? stderr.slice(-500) };
    });
    return { cases };
  },
};
export default suite;
