import { execFile } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseChecksums, releasePlatform, sha256Of } from '@provisioning/distribution';

const run = promisify(execFile);

export interface DistCheck {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

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

/**
 * Tries what is about to be shipped: every file's checksum, no development file, sizes, then an installation into an
 * empty prefix (11 §9 "basic").
 */
export async function testDist(options: {
  readonly root: string;
  readonly distDir: string;
  readonly version: string;
  readonly platform?: string;
  readonly say: (line: string) => void;
}): Promise<DistReport> {
  const { distDir, version } = options;
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
  else await check('installation', () => installAndRemove(options));
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

async function installAndRemove({
  root,
  distDir,
  version,
}: {
  readonly root: string;
  readonly distDir: string;
  readonly version: string;
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-dist-'));
  try {
    const base = join(folder, 'releases');
    await mkdir(base);
    await cp(distDir, join(base, version), { recursive: true });
    const prefix = join(folder, 'prefix');
    await mkdir(prefix);
    const environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      PROVISIONING_RELEASES_URL: base,
    };
    const script = join(root, 'tools/build/installer/install.sh');
    const bundled = (await readdir(distDir)).some((name) => name.startsWith('provisioning-runtime-'));
    const words = ['--prefix', prefix, '--version', version, ...(bundled ? [] : ['--system-node'])];
    const execute = async (program: string, ...rest: string[]): Promise<string> => {
      const { stdout } = await run(program, rest, { env: environment, cwd: folder, maxBuffer: 1 << 26 });
      return stdout;
    };
    await execute('/bin/sh', script, ...words);
    const program = join(prefix, 'bin/provisioning');
    const said = (await execute(program, '--version')).trim();
    if (said !== version) throw new Error(`--version says ${said}, not ${version}`);
    await execute(program, 'help');
    await execute(program, 'env');
    await execute(program, 'uninstall', '--yes');
    const left = await readdir(prefix);
    if (left.length > 0) throw new Error(`uninstall leaves ${left.join(', ')}`);
    if (existsSync(join(folder, 'cache/provisioning'))) throw new Error('uninstall leaves the cache');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The run on record, which a rollback asks for (11 §6 "Rollback"). */
export async function recordReport(distDir: string, report: DistReport): Promise<void> {
  await writeFile(join(distDir, 'test-dist.json'), `${JSON.stringify(report, undefined, 2)}\n`);
}
