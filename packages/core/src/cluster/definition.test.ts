import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { formatReport, runClusterConformance } from '@provisioning/extensions-sdk/conformance';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { loadCluster } from './definition.ts';

const packageFile = fileURLToPath(new URL('../../../taskservs/package.json', import.meta.url));
const catalogue = new ExtensionCatalogue({ moduleUrls: [pathToFileURL(packageFile).href] });
const stack = (settings: object) =>
  loadCluster('custom-web-stack', {
    catalogue,
    infrastructure: { clusters: { 'custom-web-stack': settings as Record<string, unknown> } },
  });

test('07 §10.5 custom-web-stack refuses settings in its own words', async () => {
  const alone = { database_tier: { high_availability: false } };
  await expect(stack(alone)).rejects.toMatchObject({
    exitCode: 3,
    message: 'custom-web-stack: app_name cannot be empty',
  });
  await expect(stack({ ...alone, app_name: 'shop', web_tier: { replicas: 0 } })).rejects.toThrow(
    'web_tier replicas must be at least 1',
  );
  await expect(stack({ app_name: 'shop' })).rejects.toThrow(
    'replication_password is needed for high_availability',
  );
});

test('07 §10.5 custom-web-stack is made of its settings: servers by their names, tier after tier', async () => {
  const cluster = await stack({
    app_name: 'shop',
    app_tier: { replicas: 2 },
    database_tier: { high_availability: false, backup_enabled: false },
    components: [{ name: 'web', config: { client_max_body_size: '50m' } }],
  });
  const component = (name: string) => cluster.components.find((one) => one.name === name);
  expect(component('database-server')?.config).toMatchObject({ hostname: 'shop-db' });
  expect(component('app-server')?.config).toMatchObject({ hostname: 'shop-app', count: 2 });
  expect(component('network')?.config).toMatchObject({ network: { name: 'shop', cidr: '10.0.0.0/16' } });
  expect(component('web')?.config).toMatchObject({ client_max_body_size: '50m', sites: [{ name: 'shop' }] });
  expect(component('app')?.dependencies).toContain('database');
  expect(component('web')?.dependencies).toContain('app');
  expect(component('load-balancer')?.dependencies).toEqual(['web']);
  expect(cluster).not.toHaveProperty('database_tier');
  const small = await stack({
    app_name: 'shop',
    database_tier: { type: 'mysql', servers: ['db'] },
    web_tier: { load_balancer: { enabled: false } },
    monitoring: { enabled: false },
  });
  const names = small.components.map(({ name }) => name);
  expect(names).not.toContain('database-server');
  expect(names).not.toContain('load-balancer');
  expect(names).not.toContain('prometheus');
  expect(small.components.find(({ name }) => name === 'database')).toMatchObject({ service: 'mysql' });
  const folder = join(dirname(packageFile), 'clusters/custom-web-stack');
  for (const definition of [cluster, small]) {
    const report = await runClusterConformance({ folder, definition });
    expect([report.passed, formatReport(report)]).toEqual([true, expect.stringContaining('components')]);
  }
});
