import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import provider from './index.ts';
import { serviceSocket } from './engine/service.ts';
import { stopPrivateService } from './engine/stop.ts';
import { type Bed, makeBed } from './testing/bed.ts';
import { engineAt } from './testing/engine-access.ts';
import { changesSuite } from './testing/suite-changes.ts';
import { engineSuite } from './testing/suite.ts';

// Real containers on a busy machine.
jest.setTimeout(180_000);

let bed: Bed;

beforeAll(async () => {
  bed = await makeBed();
}, 300_000);

afterAll(async () => {
  await bed[Symbol.asyncDispose]();
});

function environmentOf(one: Bed) {
  return { cacheDir: one.cacheDir, variables: {}, log: () => undefined };
}

for (const suite of [engineSuite, changesSuite]) {
  suite(
    '06.A8',
    () => bed,
    () => engineAt(serviceSocket(environmentOf(bed))),
  );
}

test('the conformance kit passes', async () => {
  const report = await runProviderConformance(provider, {
    folder: fileURLToPath(new URL('..', import.meta.url)),
    context: bed.context('conformance'),
    spec: { plan: '1xCPU-1GB', cores: 1, memory: 1024, disk: 10, zone: 'local', os: 'debian-12' },
    otherPlan: '1xCPU-2GB',
  });
  if (!report.passed) throw new Error(formatReport(report));
});

test('06.A7 without a socket and without Podman there is no container runtime', async () => {
  await using other = await makeBed({ docker_socket: '/nonexistent/docker.sock', private_service: false });
  const instance = await other.open();
  await expect(instance.listServers()).rejects.toMatchObject({
    message: expect.stringContaining('No container runtime detected'),
    hint: 'Install Docker, Podman, or OrbStack',
    exitCode: 1,
  });
  expect((await instance.health()).healthy).toBe(false);
});

test('a runtime that cannot start containers is passed over, and the choice is remembered', async () => {
  const broken = join(bed.cacheDir, 'bin', 'crun-broken');
  await mkdir(join(bed.cacheDir, 'bin'));
  await writeFile(broken, '#!/bin/sh\necho "cgroups in hybrid mode not supported" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await using other = await makeBed({ oci_runtimes: [broken, 'runc', 'crun'] });
  const instance = await other.open();
  expect(await instance.listServers()).toEqual([]);
  expect(other.log.filter((line) => line.startsWith('info: Using')).join()).toMatch(/with (runc|crun)/);
  expect(other.log.join('\n')).toContain('crun-broken');

  const logged = other.log.length;
  expect(await (await other.open()).listServers()).toEqual([]);
  expect(other.log).toHaveLength(logged);
});

test('one private service is shared by many processes, comes back when it was killed, and can be stopped', async () => {
  await using other = await makeBed();
  const providers = await Promise.all([other.open(), other.open(), other.open()]);
  await Promise.all(providers.map((provider) => provider.listServers()));
  const record = async () =>
    JSON.parse(await readFile(join(other.cacheDir, 'engine', 'service.json'), 'utf8')) as { pid: number };
  const { pid } = await record();
  process.kill(pid, 'SIGKILL');
  await Promise.all(providers.map((provider) => provider.listServers()));
  expect((await record()).pid).not.toBe(pid);
  expect(await stopPrivateService({ cacheDir: other.cacheDir })).toBe(true);
  expect(await stopPrivateService({ cacheDir: other.cacheDir })).toBe(false);
  expect(await providers[0]!.listServers()).toEqual([]);
});
