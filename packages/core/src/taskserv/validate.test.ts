import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';
import { validateTaskserv } from './validate.ts';

test('07.A9 validate: sound packages are valid, a broken template is named with file and line', async () => {
  const report = await validateTaskserv(join(catalogueFolder, 'kubernetes', 'kubernetes'), {
    level: 'static',
  });
  expect(report).toMatchObject({ taskserv: 'kubernetes', level: 'static', valid: true });
  expect(Object.keys(report.sections)).toEqual(['schema', 'templates', 'scripts', 'dependencies', 'health']);

  const copy = mkdtempSync(join(tmpdir(), 'provisioning-validate-'));
  try {
    cpSync(join(catalogueFolder, 'databases', 'redis'), copy, { recursive: true });
    writeFileSync(join(copy, 'default', 'redis.conf.hbs'), 'bind 0.0.0.0\n{{#if config.password}}\n');
    writeFileSync(join(copy, 'scripts', 'health.sh'), '#!/bin/sh\nif true; then\n');
    const broken = await validateTaskserv(copy, { known: new Set(['redis']) });
    expect(broken.valid).toBe(false);
    expect(broken.sections.templates.errors[0]).toMatch(/redis\.conf\.hbs:3: /);
    expect(broken.sections.scripts.errors.join()).toContain('health.sh');
    expect(broken.sections.dependencies.errors).toEqual(['Dependency not found: os']);
  } finally {
    rmSync(copy, { recursive: true });
  }
  await expect(validateTaskserv(copy, { level: 'deep' })).rejects.toMatchObject({ exitCode: 2 });
});
