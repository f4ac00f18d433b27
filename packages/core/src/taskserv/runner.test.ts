import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';
import { parseDocument } from '../config/document.ts';
import { resolveTaskservConfig } from './configuration.ts';
import { renderTaskserv } from './desired.ts';
import { factsFunction } from './facts.ts';
import { loadTaskservPackage } from './package.ts';
import { planScript } from './plan-script.ts';
import { runnerScript } from './runner.ts';

const taskservs = readdirSync(catalogueFolder, { recursive: true, encoding: 'utf8' })
  .filter(
    (path) =>
      path.endsWith('manifest.yaml') && !path.includes('node_modules') && !path.startsWith('clusters'),
  )
  .map((path) => join(catalogueFolder, path, '..'));

const server = { hostname: 'one', ip: '10.0.0.1', private_ip: '10.0.0.1', public_ip: '' };

test('the program for the hosts passes shellcheck', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-runner-'));
  try {
    writeFileSync(join(folder, 'run.sh'), runnerScript);
    // Variables that plan.sh sets, and functions it defines, are unknown to the checker.
    execFileSync('shellcheck', [
      '--severity=warning',
      '-s',
      'sh',
      '-e',
      'SC2154,SC1091,SC2317,SC2034,SC2329',
      join(folder, 'run.sh'),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(taskservs)(
  '07 §1 %s: manifest, schema and templates are sound; the defaults render',
  async (path) => {
    const taskserv = await loadTaskservPackage(path);
    const config = resolveTaskservConfig(
      taskserv,
      { name: taskserv.manifest.name, profile: 'default', config: {} },
      'one',
    );
    const desired = renderTaskserv(taskserv, config, undefined, { server, servers: {} });
    expect(desired.name).toBe(taskserv.manifest.name);
    for (const file of desired.files) {
      if (/\.ya?ml$/.test(file.path))
        for (const one of parseAllDocuments(file.content)) expect(one.errors).toEqual([]);
      if (file.path.endsWith('.json')) JSON.parse(file.content);
      if (file.path.endsWith('.toml')) parseDocument(file.content, file.path);
    }
    const script = planScript(desired, { owner: 'a', operation: 'b', wait: 1 }, { cleanupData: false });
    execFileSync('sh', ['-n'], { input: `${script}\n${factsFunction([desired])}\n${desired.environment}` });
  },
);
