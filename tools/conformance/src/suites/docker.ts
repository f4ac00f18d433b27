import { spawnSync } from 'node:child_process';
import { runJest } from '../jest-suite.ts';
import type { ConformanceSuite } from '../suite.ts';

const installed = (): boolean => spawnSync('dockerd', ['--version']).status === 0;

const suite: ConformanceSuite = {
  title: 'the local provider on a Docker engine (06.A7), with the tests that it passes on Podman',
  run(say) {
    if (!installed()) {
      say('installing docker.io');
      const args = ['install', '-y', '-q', '--no-install-recommends', 'docker.io'];
      spawnSync('apt-get', args, {
        stdio: 'ignore',
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    }
    if (!installed()) {
      const reason = 'there is no dockerd, and apt-get cannot install docker.io here';
      return Promise.resolve({ cases: [{ name: '06.A7 on Docker', status: 'skipped', reason }] });
    }
    return Promise.resolve({ cases: runJest('**/providers/local/test/docker.conformance.ts') });
  },
};
export default suite;
