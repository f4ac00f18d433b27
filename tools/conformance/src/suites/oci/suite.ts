import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { type Attempt, pushAndPull, referrers, signatures } from './interoperability.ts';
import { official } from './official.ts';
import { findPeer } from './programs.ts';
import { type Registry, startForeign, startOwn } from './registries.ts';

const suite: ConformanceSuite = {
  title:
    'OCI: skopeo, oras, crane and cosign with our client, against docker-registry, zot and our server; the official distribution suite against our server',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-oci-'));
    const cases: CaseResult[] = [];
    const attempt: Attempt = async (name, work) => {
      try {
        await work();
        cases.push({ name, status: 'passed' });
        return true;
      } catch (error) {
        cases.push({ name, status: 'failed', reason: (error as Error).message.slice(0, 300) });
        return false;
      }
    };
    const registries: Registry[] = [await startOwn(folder)];
    try {
      // First, while its storage is empty: content that another artifact needs too would not be deleted.
      cases.push(...(await official(registries[0]!, folder, say)));
      for (const name of ['docker-registry', 'zot'] as const) {
        const program = await findPeer(name, say);
        if (program !== undefined) registries.push(await startForeign(name, program, folder));
        else
          cases.push({ name: `${name} as the registry`, status: 'skipped', reason: 'it is not installed' });
      }
      const present = new Set(['provisioning']);
      for (const name of ['skopeo', 'oras', 'crane']) {
        if ((await findPeer(name, say)) !== undefined) present.add(name);
        else cases.push({ name, status: 'skipped', reason: 'it is not installed and was not built' });
      }
      const rows: string[] = [];
      for (const registry of registries) {
        rows.push(...(await pushAndPull(registry, folder, present, attempt)));
        await referrers(registry, folder, say, attempt);
        cases.push(...(await signatures(registry, folder, say, attempt)));
      }
      say(`${'registry'.padEnd(16)} ${'pushed by'.padEnd(13)} pulled by`);
      for (const row of rows) say(row);
    } finally {
      for (const registry of registries) await registry.stop();
      await rm(folder, { recursive: true, force: true });
    }
    return { cases };
  },
};
export default suite;
