import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfiguration } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import {
  damagedInput,
  polluted,
  readDamaged,
  seededRandom,
} from '../../../../packages/core/src/config/testing/damaged.ts';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const inputs = 100_000;
const limit = 100;

const suite: ConformanceSuite = {
  title: `Fuzz: ${inputs.toLocaleString('en')} mutated inputs to parsers, merge, interpolation and the loader`,
  async run(say) {
    const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
    const next = seededRandom(seed);
    const bad: string[] = [];
    let slowest = 0;
    for (let index = 0; index < inputs && bad.length < 5; index++) {
      const text = damagedInput(next);
      const start = performance.now();
      try {
        readDamaged(text, index % 2 === 0 ? 'fuzz.toml' : 'fuzz.yaml');
      } catch (error) {
        if (!(error instanceof ProvisioningError) || error.kind === 'bug')
          bad.push(`${JSON.stringify(text)}: ${String(error)}`);
      }
      const time = performance.now() - start;
      if (time > limit) {
        // A pause of the machine is no hang: it counts when the same input is slow again.
        const again = performance.now();
        try {
          readDamaged(text, index % 2 === 0 ? 'fuzz.toml' : 'fuzz.yaml');
        } catch {
          // Already judged above.
        }
        if (performance.now() - again > limit)
          bad.push(`slow (${time.toFixed(0)} ms): ${JSON.stringify(text)}`);
      } else slowest = Math.max(slowest, time);
      if (polluted()) bad.push(`prototype polluted by ${JSON.stringify(text)}`);
    }
    say(`seed ${seed} (FUZZ_SEED repeats it), slowest input ${slowest.toFixed(1)} ms`);
    const loads = await wholeLoads(next, 2000);
    const result = (name: string, found: readonly string[]): CaseResult =>
      found.length === 0 ? { name, status: 'passed' } : { name, status: 'failed', reason: found.join('\n') };
    return {
      cases: [
        result('no crash, no hang, no pollution', bad),
        result('whole loads stay inside the workspace', loads),
      ],
    };
  },
};
export default suite;

/** Whole loads with a mutated main file; a file outside the workspace must never show up. */
async function wholeLoads(next: () => number, count: number): Promise<string[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'fuzz-config-'));
  const bad: string[] = [];
  try {
    const workspace = path.join(root, 'a', 'b', 'w');
    await mkdir(path.join(workspace, 'config'), { recursive: true });
    await writeFile(path.join(root, 'x.toml'), 'leaked = "from outside"\n');
    const surroundings = {
      env: {},
      cwd: root,
      home: root,
      platform: 'linux' as const,
      installation: path.join(root, 'installation'),
      now: () => new Date(0),
    };
    for (let index = 0; index < count && bad.length < 5; index++) {
      const text = `${damagedInput(next)}\n[dynamic]\nload_if_exists = ["${'../'.repeat(1 + Math.floor(next() * 5))}x.toml"]\n`;
      await writeFile(path.join(workspace, 'config', 'provisioning.toml'), text);
      try {
        const loaded = await loadConfiguration({ surroundings, workspace: { name: 'w', path: workspace } });
        if (loaded.get('leaked') !== undefined) bad.push(`read a file outside: ${JSON.stringify(text)}`);
      } catch (error) {
        if (!(error instanceof ProvisioningError) || error.kind === 'bug')
          bad.push(`${JSON.stringify(text)}: ${(error as Error).stack}`);
      }
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return bad;
}
