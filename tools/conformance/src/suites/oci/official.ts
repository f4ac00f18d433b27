import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CaseResult } from '../../suite.ts';
import { findPeer } from './programs.ts';
import type { Registry } from './registries.ts';

const run = promisify(execFile);

/**
 * The distribution-spec's own suite over pull, push, content discovery and content management, with cancelled uploads and
 * digest headers, which it leaves out unless asked. Each of its tests is a case of its own here.
 */
export async function official(
  registry: Registry,
  folder: string,
  say: (message: string) => void,
): Promise<readonly CaseResult[]> {
  const name = `${registry.name}: the official distribution-spec conformance suite`;
  const file = await findPeer('conformance', say);
  if (file === undefined)
    return [{ name, status: 'skipped', reason: 'no Go toolchain built it, and OCI_CONFORMANCE names none' }];
  const results = join(folder, 'official');
  await mkdir(results);
  const env = {
    ...process.env,
    OCI_VERSION: '1.1',
    OCI_REGISTRY: registry.host,
    OCI_TLS: 'disabled',
    OCI_REPO1: 'conformance/a',
    OCI_REPO2: 'conformance/b',
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
    OCI_RESULTS_DIR: results,
  };
  // It ends with 1 when a test failed; what failed is in its report.
  const { stdout } = await run(file, [], { env, cwd: folder, maxBuffer: 1 << 26 }).catch(
    (error: { stdout: string }) => error,
  );
  const cases = readReport(registry.name, await readFile(join(results, 'junit.xml'), 'utf8'));
  if (cases.length === 0) return [{ name, status: 'failed', reason: stdout.slice(-300) }];
  const count = (status: string): number => cases.filter((one) => one.status === status).length;
  say(
    `official suite: ${cases.length} tests, ${count('failed')} failed, ${count('skipped')} the registry need not do`,
  );
  return cases;
}

const statuses: Readonly<Record<string, CaseResult['status']>> = { passed: 'passed', skipped: 'skipped' };

/** The tests of a JUnit report; names that come more than once, for several contents, get a number. */
function readReport(registry: string, report: string): readonly CaseResult[] {
  const seen = new Map<string, number>();
  return [...report.matchAll(/<testcase name="([^"]*)"[^>]*status="([^"]*)"/g)].map(
    ([, title = '', found = '']) => {
      const times = (seen.get(title) ?? 0) + 1;
      seen.set(title, times);
      const status = statuses[found] ?? 'failed';
      return {
        name: `${registry}: ${title}${times === 1 ? '' : ` #${times}`}`,
        status,
        ...(status === 'passed' ? {} : { reason: found }),
      };
    },
  );
}
