import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHome } from './cli/home.ts';
import { installPeers } from './cli/peers.ts';
import { Stopwatch } from './cli/stopwatch.ts';
import { type BenchSuite, median, row } from './suite.ts';

const root = join(import.meta.dirname, '../../..');
const program = join(root, 'packages/core-cli/bin/provisioning.js');
const rounds = 21;

/** Whole processes of the command line beside a bare `node -e 0`, and `--version` beside other programs'. */
const suite: BenchSuite = {
  title: 'Start of the command line, whole processes, medians of 20 after one that does not count',
  async run(say) {
    const home = mkdtempSync(join(tmpdir(), 'provisioning-bench-cli-'));
    try {
      const environment = makeHome(home, 100);
      const watch = new Stopwatch(environment);
      const bare = ['-e', '0'];
      const lines: Record<string, readonly string[]> = {
        '--version': [program, '--version'],
        help: [program, 'help'],
        sc: [program, 'sc'],
        'workspace list': [program, 'workspace', 'list'],
        'server list, 100 servers': [program, 'server', 'list'],
        'server list --out json': [program, 'server', 'list', '--out', 'json'],
      };
      say('measuring ours, turn by turn with bare node');
      const times = watch.interleave({ bare, ...lines }, rounds);
      const base = median(times.get('bare')!);
      const rows = Object.keys(lines).map((name) =>
        row(name, 'ms', median(times.get(name)!), base, 'node -e 0'),
      );
      const peers = await installPeers(root, say);
      if (Object.keys(peers).length > 0) {
        say('measuring the others');
        const both = watch.interleave({ ours: lines['--version']!, ...peers }, 6);
        const ours = median(both.get('ours')!);
        for (const name of Object.keys(peers)) {
          rows.push(
            row(`--version beside ${name}`, 'ms', ours, median(both.get(name)!), `${name} --version`),
          );
        }
      }
      return { rows };
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};

export default suite;
