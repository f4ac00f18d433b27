import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseChecksums, releasePlatform, sha256Of } from '@provisioning/distribution';
import { lineNames } from '../../build/src/lines/line.ts';
import { type Check, type DistCheck, tryCompletely } from './tried-completely.ts';
import { workWith } from './tried-integration.ts';
import { type EarlierRelease, type Shipped, TriedInstallation } from './tried-installation.ts';

const run = promisify(execFile);

export interface DistReport {
  readonly version: string;
  readonly passed: boolean;
  readonly checks: readonly DistCheck[];
}

/** Compressed sizes nobody should exceed without noticing (S:10068, S:10091, S:10107). */
const budgets: Readonly<Record<string, number>> = { core: 50, platform: 30, extensions: 20, templates: 20 };

/** What development leaves and users must not get (11 §9). */
const development =
  /(?:^|\/)(?:tests?|__tests__|\.git|\.github|\.env[^/]*|coverage)(?:\/|$)|\.(?:e2e\.)?test\.[jt]s$|\.tsbuildinfo$/;
/** Text that becomes somebody's extension, tests of it included. */
const foreign = /\/(?:scaffolds|examples)\//;

/** What can be tried of a distribution (11 §9). */
export const testTypes = ['basic', 'integration', 'complete'] as const;
export type TestType = (typeof testTypes)[number];

/**
 * Tries what is about to be shipped: every file's checksum, no development file, sizes, then an installation into an
 * empty prefix ("basic"), work with it in a workspace and with the services that are shipped ("integration"), and real
 * servers, workflows, an upgrade from the release before and the way back ("complete").
 */
export async function testDist(options: {
  readonly root: string;
  readonly distDir: string;
  readonly version: string;
  readonly platform?: string;
  /** The release before it, to upgrade from. */
  readonly earlier?: EarlierRelease;
  /** Default `basic` alone. */
  readonly types?: readonly TestType[];
  readonly say: (line: string) => void;
}): Promise<DistReport> {
  const { distDir, version, types = ['basic'] } = options;
  const checks: DistCheck[] = [];
  const check = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      checks.push({ name, status: 'passed' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      checks.push({ name, status: 'failed', reason });
    }
    const last = checks.at(-1)!;
    options.say(`${last.status} ${name}${last.reason === undefined ? '' : `: ${last.reason}`}`);
  };
  const archives = (await readdir(distDir))
    .filter((name) => /^provisioning-[a-z]+-.*\.tar\.gz$/.test(name))
    .sort();
  await check('checksums', () => verifyAll(distDir));
  for (const name of archives.filter((one) => !one.startsWith('provisioning-runtime-'))) {
    await check(`${name}: no development file`, () => inspect(join(distDir, name)));
    await check(`${name}: size`, () => measure(distDir, name));
  }
  if (options.platform !== undefined && options.platform !== releasePlatform())
    checks.push({ name: 'installation', status: 'skipped', reason: `no runner for ${options.platform}` });
  else {
    const shipped = lineNames.filter((line) =>
      archives.some((name) => name.startsWith(`provisioning-${line}-`)),
    );
    const hasPlatform = shipped.includes('platform');
    if (types.includes('basic')) await check('installation', () => installAndRemove(options));
    if (types.includes('integration')) await integrate(options, hasPlatform, check);
    if (types.includes('integration') && !hasPlatform)
      checks.push({ name: 'integration: services', status: 'skipped', reason: 'no platform package' });
    if (types.includes('complete')) checks.push(...(await tryCompletely(options, shipped, check)));
  }
  const passed = checks.every(({ status }) => status !== 'failed');
  return { version, passed, checks };
}

async function verifyAll(distDir: string): Promise<void> {
  const sums = parseChecksums(await readFile(join(distDir, 'checksums.txt'), 'utf8'));
  if (sums.size === 0) throw new Error('checksums.txt lists nothing');
  for (const [name, sum] of sums)
    if ((await sha256Of(join(distDir, name))) !== sum) throw new Error(`Checksum mismatch for ${name}`);
}

async function inspect(archive: string): Promise<void> {
  const { stdout } = await run('tar', ['tvzf', archive], { maxBuffer: 1 << 27 });
  for (const row of stdout.split('\n').filter((line) => line !== '')) {
    const path = row
      .replace(/^\S+\s+\S+\s+\d+\s+\S+\s+\S+\s+/, '')
      .replace(/^\.\//, '')
      .replace(/ -> .*$/, '');
    if (development.test(path) && !foreign.test(`/${path}`)) throw new Error(`development file ${path}`);
    if (/^bin\/provisioning/.test(path) && !row.startsWith('-rwx'))
      throw new Error(`${path} is not executable`);
    if (!/^(?:bin|lib|share)\//.test(path) && !/^(?:bin|lib|share|\.)?\/?$/.test(path))
      throw new Error(`unexpected ${path}`);
  }
}

async function measure(distDir: string, name: string): Promise<void> {
  const line = /^provisioning-([a-z]+)-/.exec(name)![1]!;
  let bytes = 0;
  for await (const chunk of createReadStream(join(distDir, name))) bytes += (chunk as Buffer).length;
  const limit = budgets[line];
  const size = bytes / 1024 / 1024;
  if (limit !== undefined && size > limit) throw new Error(`${size.toFixed(1)} MiB, at most ${limit}`);
}

async function installAndRemove(shipped: Shipped): Promise<void> {
  const installation = await TriedInstallation.make(shipped, ['core']);
  try {
    const said = (await installation.run('--version')).trim();
    if (said !== shipped.version) throw new Error(`--version says ${said}, not ${shipped.version}`);
    await installation.run('help');
    await installation.run('env');
    await installation.uninstall();
  } finally {
    await installation.remove();
  }
}

async function integrate(shipped: Shipped, hasPlatform: boolean, check: Check): Promise<void> {
  let installation: TriedInstallation | undefined;
  await check('integration: installation', async () => {
    installation = await TriedInstallation.make(shipped, ['core', ...(hasPlatform ? ['platform'] : [])]);
  });
  if (installation !== undefined) await workWith(installation, check);
}

/** The run on record, which a rollback asks for (11 §6 "Rollback"). */
export async function recordReport(distDir: string, report: DistReport): Promise<void> {
  await writeFile(join(distDir, 'test-dist.json'), `${JSON.stringify(report, undefined, 2)}\n`);
}
