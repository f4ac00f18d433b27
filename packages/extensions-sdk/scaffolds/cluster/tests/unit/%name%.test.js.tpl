import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatReport, runClusterConformance } from '@provisioning/extensions-sdk/conformance';

test('passes the conformance kit', async () => {
  const report = await runClusterConformance({ folder: fileURLToPath(new URL('../..', import.meta.url)) });
  assert.ok(report.passed, formatReport(report));
});
