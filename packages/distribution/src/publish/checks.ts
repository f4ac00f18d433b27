import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runExtensionTests, validateExtension } from '@provisioning/core';
import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';

const run = promisify(execFile);

/** What keeps a folder from being published as it is (09 §12 step 1): warnings count, and so does everything unsaid. */
export async function publishingFindings(
  folder: string,
  version: string,
  options: { readonly strict: boolean; readonly allowDirty?: boolean },
): Promise<readonly Issue[]> {
  const report = await validateExtension(folder, undefined);
  const findings: Issue[] = [];
  for (const rule of Object.values(report.rules)) {
    findings.push(...rule.errors.map((message) => ({ message })));
    if (options.strict) findings.push(...rule.warnings.map((message) => ({ message })));
  }
  const changelog = await readFile(join(folder, 'CHANGELOG.md'), 'utf8').catch(() => undefined);
  const heading = new RegExp(`^#+\\s+\\[?v?${version.replaceAll('.', '\\.')}\\]?(?:\\s|$)`, 'm');
  if (changelog !== undefined && !heading.test(changelog))
    findings.push({ message: `CHANGELOG.md has no entry for ${version}` });
  const changes = options.allowDirty === true ? [] : await uncommitted(folder);
  if (changes.length > 0)
    findings.push({
      message: `not committed: ${changes.slice(0, 5).join(', ')}${changes.length > 5 ? ', …' : ''}`,
    });
  return findings;
}

/** Files of a folder that Git has not recorded; none where there is no repository. */
async function uncommitted(folder: string): Promise<readonly string[]> {
  const { stdout } = await run('git', ['status', '--porcelain', '--', '.'], { cwd: folder }).catch(() => ({
    stdout: '',
  }));
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !/ (?:.*\/)?dist\/[^/]+\.tar\.gz$/.test(line))
    .map((line) => line.slice(3));
}

/** Unit and integration tests of the extension. @throws ProvisioningError `TESTS_FAILED`. */
export async function requireTests(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const report = await runExtensionTests({ path: folder, types: ['unit', 'integration'], environment });
  if (report.summary.failed === 0 && report.test_results.every(({ status }) => status !== 'failed')) return;
  const broken = report.test_results.filter(({ status }) => status === 'failed');
  throw new ProvisioningError({
    code: 'TESTS_FAILED',
    message: `Tests of ${report.extension} failed: ${broken.map(({ test_type, failed }) => `${test_type} ${failed}`).join(', ')}`,
    hint: `run 'provisioning extension test ${folder}' for the details; nothing was published`,
    issues: broken.flatMap(({ error }) => (error === undefined ? [] : [{ message: error }])),
  });
}
