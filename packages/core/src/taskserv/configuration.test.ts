import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { catalogueFolder } from '../../../../tools/testing/taskserv-bed.ts';
import { mergeConfig, resolveTaskservConfig, serverReferences } from './configuration.ts';
import { renderTaskserv } from './desired.ts';
import { loadTaskservPackage } from './package.ts';
import { parseTemplate, TemplateRenderer } from './templates.ts';

const load = (path: string) => loadTaskservPackage(join(catalogueFolder, path));
const server = { hostname: 'web-01', ip: '10.0.0.3', private_ip: '10.0.0.3', public_ip: '' };
const database = { hostname: 'db-01', ip: '10.0.0.1', private_ip: '10.0.0.1', public_ip: '' };

test('schema defaults < profile < own configuration, records merge deeply', async () => {
  const redis = await load('databases/redis');
  const resolve = (profile: string, config: Record<string, unknown>) =>
    resolveTaskservConfig(redis, { name: 'redis', profile, config }, 'one');
  expect(resolve('default', {})).toMatchObject({ port: 6379, maxmemory: '512mb', persistence: true });
  expect(resolve('development', {})).toMatchObject({ maxmemory: '128mb', persistence: false });
  expect(resolve('development', { maxmemory: '1gb', own: 1 })).toMatchObject({
    maxmemory: '1gb',
    persistence: false,
    own: 1,
  });
  expect(() => resolve('huge', {})).toThrow("has no profile 'huge'");
  expect(mergeConfig({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] }, d: null })).toEqual({
    a: { b: 1, c: [3] },
    d: null,
  });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  mergeConfig({}, JSON.parse('{"__proto__": {"polluted": 1}}'));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a wrong configuration names every key, and never the value of a secret', async () => {
  const redis = await load('databases/redis');
  const config = { port: 'many', maxmemory_policy: 'random', password: 'has blanks' };
  expect(() =>
    resolveTaskservConfig(redis, { name: 'redis', profile: 'default', config }, 'cache-01'),
  ).toThrow(
    expect.objectContaining({
      code: 'TASKSERV_CONFIG_INVALID',
      exitCode: 3,
      message: expect.stringMatching(
        /^Taskserv redis on cache-01: config\.port must be integer, found "many"; config\.maxmemory_policy must be one of noeviction/,
      ),
    }),
  );
  try {
    resolveTaskservConfig(redis, { name: 'redis', profile: 'default', config }, 'cache-01');
  } catch (error) {
    expect(JSON.stringify(error)).not.toContain('has blanks');
  }
});

test('fields of format server give the references, whose addresses templates know', async () => {
  const haproxy = await load('networking/haproxy');
  const use = {
    name: 'haproxy',
    profile: 'default',
    config: {
      frontends: [{ name: 'pg', port: 5432, backend: 'pg' }],
      backends: [{ name: 'pg', servers: [{ server: 'db-01', port: 5432 }] }],
    },
  };
  const config = resolveTaskservConfig(haproxy, use, 'web-01');
  expect(serverReferences(haproxy.schema, config)).toEqual(['db-01']);
  const render = (servers: Record<string, typeof database>) =>
    renderTaskserv(haproxy, config, undefined, { server, servers });
  expect(render({ 'db-01': database }).files[0]!.content).toContain('server db-01 10.0.0.1:5432 check');
  expect(() => render({})).toThrow(expect.objectContaining({ code: 'SERVER_ADDRESS_UNKNOWN' }));
});

test('07.A9 a broken template is refused with file and line', () => {
  expect(() => parseTemplate('one\n{{#if config.x}}\nno end\n', 'default/a.hbs')).toThrow(
    expect.objectContaining({
      code: 'TEMPLATE_INVALID',
      location: expect.objectContaining({ file: 'default/a.hbs', line: 4 }),
    }),
  );
  const renderer = new TemplateRenderer({ config: {}, server, servers: {}, version: '1' });
  expect(() => renderer.render('a\n{{config.port}}', 'b.hbs')).toThrow(
    expect.objectContaining({ code: 'TEMPLATE_INVALID', location: { file: 'b.hbs', line: 2 } }),
  );
  expect(renderer.render('{{sh "it\'s $HOME"}}', 'c.hbs')).toBe("'it'\\''s $HOME'");
});

test('a manifest with an error says where', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-taskserv-'));
  try {
    writeFileSync(join(folder, 'manifest.yaml'), 'name: x\ntype: taskserv\nversion: 1.0.0\n  bad: [\n');
    await expect(loadTaskservPackage(folder)).rejects.toMatchObject({
      code: 'TASKSERV_INVALID',
      location: { file: join(folder, 'manifest.yaml'), line: expect.any(Number) },
    });
    writeFileSync(join(folder, 'manifest.yaml'), 'name: X\ntype: taskserv\nversion: v1\nports: [0]\n');
    await expect(loadTaskservPackage(folder)).rejects.toThrow(
      /name must match.*version must match.*ports\.0/s,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
