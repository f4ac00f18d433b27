import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { type Attempt, pushAndPull, signatures } from './interoperability.ts';
import { findPeer } from './programs.ts';
import { type Registry, startForeign, startOwn } from './registries.ts';

const run = promisify(execFile);

const suite: ConformanceSuite = {
  title:
    'OCI: skopeo, oras, crane and cosign with our client, against docker-registry, zot and our server; the official distribution suite where it is installed',
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
        cases.push(...(await signatures(registry, folder, say, attempt)));
      }
      say(`${'registry'.padEnd(16)} ${'pushed by'.padEnd(13)} pulled by`);
      for (const row of rows) say(row);
      cases.push(await official(registries[0]!.host, folder, say));
    } finally {
      for (const registry of registries) await registry.stop();
      await rm(folder, { recursive: true, force: true });
    }
    return { cases };
  },
};
export default suite;

/** The distribution-spec's own suite; it has no module version, so its program is taken from `OCI_CONFORMANCE`. */
async function official(host: string, folder: string, say: (message: string) => void): Promise<CaseResult> {
  const name = 'the official distribution-spec conformance suite, all categories';
  const file = process.env['OCI_CONFORMANCE'];
  if (file === undefined)
    return {
      name,
      status: 'skipped',
      reason: 'set OCI_CONFORMANCE to the program of opencontainers/distribution-spec/conformance',
    };
  const log = join(folder, 'official.log');
  const env = {
    ...process.env,
    OCI_REGISTRY: host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/a',
    OCI_REPO2: 'conformance/b',
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
    OCI_RESULTS_DIR: join(folder, 'results'),
  };
  const { stdout, stderr } = await run(file, [], { env, cwd: folder, maxBuffer: 1 << 26 }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  await writeFile(log, `${stdout}${stderr}`);
  const text = await readFile(log, 'utf8');
  const failed = /FAIL\.+:\s+(\d+)/.exec(text)?.[1];
  const total = /Total\.+:\s+(\d+)/.exec(text)?.[1];
  say(`official suite: ${total ?? '?'} checks, ${failed ?? '?'} failed`);
  return failed === '0'
    ? { name, status: 'passed' }
    : { name, status: 'failed', reason: `${failed ?? 'unknown'} of ${total ?? '?'} failed` };
}
