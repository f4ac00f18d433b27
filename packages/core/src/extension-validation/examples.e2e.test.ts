import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { configIssues } from '../layers/validate.ts';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { configSchema } from '../extensions/schema.ts';
import { validateExtension } from './validate.ts';

const root = fileURLToPath(new URL('../../../../examples/extensions/', import.meta.url));

async function examples(): Promise<{ path: string; type: ExtensionKind }[]> {
  const files = await readdir(root, { recursive: true });
  return Promise.all(
    files
      .filter((file) => file.endsWith('manifest.yaml'))
      .map(async (file) => {
        const type = /^type: (\w+)$/m.exec(await readFile(join(root, file), 'utf8'))?.[1];
        return { path: join(root, file, '..'), type: type as ExtensionKind };
      }),
  );
}

const issues = async (name: string, config: Record<string, unknown>): Promise<string[]> => {
  const schema = await configSchema(join(root, 'taskservs', name));
  return (await configIssues(name, config, schema!, [], undefined)).map(({ message }) => message);
};

test('08.A20 every example extension is valid', async () => {
  const all = await examples();
  expect(all.length).toBeGreaterThanOrEqual(18);
  for (const { path, type } of all) {
    const report = await validateExtension(path, type);
    expect([path, Object.values(report.rules).flatMap(({ errors }) => errors)]).toEqual([path, []]);
  }
});

test('08.A20 what an example refuses, it refuses in its words', async () => {
  const recipients = { report_recipients: ['ciso@example.com'] };
  expect(await issues('compliance-monitor', { ...recipients, audit_log_retention_days: 2000 })).toEqual([
    'compliance-monitor.audit_log_retention_days: Audit logs must be retained for at least 7 years',
  ]);
  expect(await issues('compliance-monitor', { report_recipients: [] })).toEqual([
    'compliance-monitor.report_recipients: At least one report recipient required',
  ]);
  expect(
    (await issues('compliance-monitor', { ...recipients, siem_integration: true, siem_endpoint: '' })).join(),
  ).toContain('SIEM endpoint required');
  expect(await issues('legacy-erp', { erp_port: 0 })).toEqual(
    expect.arrayContaining([
      'legacy-erp.erp_port: ERP port must be valid',
      'legacy-erp: LDAP server required',
    ]),
  );
  expect(await issues('custom-database', { port: 80, max_connections: 0 })).toEqual(
    expect.arrayContaining([
      'custom-database.port: port must be between 1024 and 65535',
      'custom-database.max_connections: max_connections must be positive',
    ]),
  );
});
