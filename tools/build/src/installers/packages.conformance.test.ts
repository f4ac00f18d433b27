import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releasePlatform } from '@provisioning/distribution';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ended, runProgram } from '../testing/process.ts';
import { ReleaseFolder } from '../testing/releases.ts';

const root = join(import.meta.dirname, '../../../..');
const architecture = releasePlatform().replace('linux-', '');
const rpmArchitecture = architecture === 'amd64' ? 'x86_64' : 'aarch64';

/** Packages for package managers: a Debian system of its own, in which the package is installed and removed. */
describe('packages', () => {
  let folder: string;
  let releases: ReleaseFolder;
  let packages: string;
  let system: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-packages-test-'));
    packages = join(folder, 'installers');
    system = join(folder, 'system');
    releases = await ReleaseFolder.make(['core'], { small: true });
    await releases.publish('core', '3.2.1');
    await releases.addRuntime('3.2.1');
    const made = await runProgram('debootstrap', ['--variant=minbase', 'stable', system]);
    expect(made).toMatchObject({ code: 0 });
  }, 900_000);
  afterAll(() => {
    releases?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = (output: string): Promise<Ended> => {
    const places = ['--dist-dir', join(releases.base, '3.2.1'), '--output-dir', output];
    const words = ['create-installers', '--version', '3.2.1', '--installer-types', 'package', ...places];
    return runProgram(process.execPath, [join(root, 'tools/build/run.ts'), ...words], {
      environment: {
        ...process.env,
        SOURCE_DATE_EPOCH: '1700000000',
        PROVISIONING_RELEASES_URL: 'https://releases.example.org',
      },
    });
  };
  const inside = (...words: string[]): Promise<Ended> =>
    runProgram('chroot', [system, ...words], {
      environment: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        DEBIAN_FRONTEND: 'noninteractive',
      },
    });

  test('a Debian and an RPM package are made, the same bytes each time, and a formula with the checksum', async () => {
    expect(await create(packages)).toMatchObject({ code: 0 });
    expect((await create(join(folder, 'again'))).code).toBe(0);
    const name = `provisioning_3.2.1_${architecture}.deb`;
    expect(readFileSync(join(packages, name)).equals(readFileSync(join(folder, 'again', name)))).toBe(true);
    const rpm = `provisioning-3.2.1-1.${rpmArchitecture}.rpm`;
    expect(readFileSync(join(packages, rpm)).equals(readFileSync(join(folder, 'again', rpm)))).toBe(true);
    const sums = readFileSync(join(releases.base, '3.2.1/checksums.txt'), 'utf8');
    const sum = /^(\w+) {2}provisioning-core-/m.exec(sums)![1]!;
    const formula = readFileSync(join(packages, 'provisioning.rb'), 'utf8');
    expect(formula).toContain(`sha256 "${sum}"`);
    expect(formula).toContain('/3.2.1/provisioning-core-3.2.1.tar.gz"');
  }, 300_000);

  test('it installs on Debian, runs, leaves upgrades to apt, and goes without a trace', async () => {
    const name = `provisioning_3.2.1_${architecture}.deb`;
    writeFileSync(join(system, name), readFileSync(join(packages, name)));
    const before = (await inside('find', '/usr', '/etc', '-xdev')).stdout.split('\n').sort();
    expect(await inside('dpkg', '-i', `/${name}`)).toMatchObject({ code: 0 });
    expect(await inside('provisioning', '--version')).toMatchObject({ code: 0, stdout: '3.2.1\n' });
    const upgrade = await inside('provisioning', 'upgrade', '--yes');
    expect(upgrade).toMatchObject({ code: 1, stderr: expect.stringContaining('package manager') });
    expect(upgrade.stderr).toContain('apt-get install --only-upgrade provisioning');
    expect((await inside('dpkg', '--verify', 'provisioning')).stdout).toBe('');
    expect((await inside('dpkg', '-r', 'provisioning')).code).toBe(0);
    expect((await inside('find', '/usr', '/etc', '-xdev')).stdout.split('\n').sort()).toEqual(before);
  }, 300_000);

  test('the RPM package lays down the same files, runs, leaves upgrades to dnf, and goes without a trace', async () => {
    const file = join(packages, `provisioning-3.2.1-1.${rpmArchitecture}.rpm`);
    // The system is Debian's; what the package needs is there under other names.
    const rpm = (...words: string[]): Promise<Ended> => runProgram('rpm', ['--root', system, ...words]);
    const needs = (await rpm('-qp', '--requires', file)).stdout;
    expect(needs).toMatch(/^glibc >= 2\.28$/m);
    const before = (await inside('find', '/usr', '/etc', '-xdev')).stdout.split('\n').sort();
    expect(await rpm('-i', '--nodeps', file)).toMatchObject({ code: 0 });
    expect(await inside('provisioning', '--version')).toMatchObject({ code: 0, stdout: '3.2.1\n' });
    expect((await inside('provisioning', 'upgrade', '--yes')).stderr).toContain('dnf upgrade provisioning');
    expect(await rpm('-V', '--nodeps', 'provisioning')).toMatchObject({ code: 0, stdout: '' });
    expect((await rpm('-e', 'provisioning')).code).toBe(0);
    expect((await inside('find', '/usr', '/etc', '-xdev')).stdout.split('\n').sort()).toEqual(before);
  }, 300_000);
});
