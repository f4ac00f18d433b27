import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ProviderContext, Secret } from '@provisioning/extensions-sdk';
import { formatReport, runProviderConformance } from '@provisioning/extensions-sdk/conformance';
import { ManualClock } from '@provisioning/extensions-sdk/testing';
import provider from '../../src/index.ts';
import { Service, token } from '../fixtures/service.ts';

test('passes the conformance kit', async () => {
  await using service = await Service.start();
  const cacheDir = await mkdtemp(join(tmpdir(), '%name%-'));
  const context = (secret: string | undefined): ProviderContext => ({
    config: { api_url: service.url },
    workspace: { name: 'test', path: cacheDir },
    infra: 'test',
    secrets: secret === undefined ? {} : { %NAME%_TOKEN: new Secret(secret) },
    environment: {},
    cacheDir: join(cacheDir, secret ?? 'none'),
    log: () => undefined,
    now: Date.now,
    clock: new ManualClock(),
  });
  const report = await runProviderConformance(provider, {
    folder: fileURLToPath(new URL('../..', import.meta.url)),
    context: context(token),
    withoutCredentials: context(undefined),
    wrongCredentials: context('wrong-token-000'),
    secrets: [token, 'wrong-token-000'],
    mock: service,
    spec: { plan: 'small', cores: 2, memory: 4096, disk: 40, zone: 'zone-1', os: 'debian-12' },
    otherPlan: 'medium',
  });
  await rm(cacheDir, { recursive: true, force: true });
  assert.ok(report.passed, formatReport(report));
});
