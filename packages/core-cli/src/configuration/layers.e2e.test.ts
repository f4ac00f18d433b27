import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { at, cli, put, sandbox, useSandbox, user } from './sandbox.fixture.ts';

useSandbox();

describe('layers', () => {
  test('02.A1 each layer gives way to the one beneath; config sources names layer, file, line and what is hidden', async () => {
    const main = at('config/provisioning.toml');
    const text = readFileSync(main, 'utf8');
    const own = '[debug]\nlog_level = ';
    put(user('system.toml'), `${own}"trace"\n`);
    put(main, text.replace('log_level = "info"', 'log_level = "debug"'));
    put(at('config/environments/dev.toml'), `${own}"info"\n`);
    put(at('infra/demo/config.toml'), `${own}"warn"\n`);
    put(user('config.toml'), `${own}"error"\n`);
    const environment: Record<string, string> = {
      PROVISIONING_ENV: 'dev',
      PROVISIONING_DEBUG_LOG_LEVEL: 'trace',
    };
    const level = async (): Promise<string> =>
      (await sandbox.run(['config', 'get', 'debug.log_level'], { environment })).stdout.trim();
    expect(await level()).toBe('trace');
    const rows = JSON.parse(
      (await sandbox.run(['config', 'sources', 'debug', '--out', 'json'], { environment })).stdout,
    ) as Record<string, unknown>[];
    expect(rows.find(({ key }) => key === 'debug.log_level')).toMatchObject({
      layer: 'env',
      value: 'trace',
      overridden: [
        { layer: 'user', file: user('config.toml'), line: 2, raw: 'error' },
        { layer: 'infra', file: at('infra/demo/config.toml'), line: 2, raw: 'warn' },
        { layer: 'environment', file: at('config/environments/dev.toml'), line: 2, raw: 'info' },
        { layer: 'workspace', file: main, raw: 'debug' },
        { layer: 'machine', file: user('system.toml'), line: 2, raw: 'trace' },
        { layer: 'default', raw: 'info' },
      ],
    });
    delete environment['PROVISIONING_DEBUG_LOG_LEVEL'];
    for (const [file, value] of [
      [user('config.toml'), 'error'],
      [at('infra/demo/config.toml'), 'warn'],
      [at('config/environments/dev.toml'), 'info'],
    ] as const) {
      expect(await level()).toBe(value);
      // The overlay stays as an empty file: without it `dev` would not be configured any more.
      writeFileSync(file, '');
    }
    expect(await level()).toBe('debug');
    put(main, text.replace(/log_level = "info"\n/, ''));
    expect(await level()).toBe('trace');
    rmSync(user('system.toml'));
    expect(await level()).toBe('info');
  }, 120_000);

  test('02.A2 a syntax error in a provider file stops server list with file and line', async () => {
    const file = at('config/providers/aws.toml');
    put(file, '[provider]\nname = "aws"\nregion = \n');
    const { code, stderr, stdout } = await cli('server', 'list');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(`${file}:3`);
  }, 60_000);

  test('02.A15 an unknown profile lists those there are; plain http is refused', async () => {
    put(user('config.toml'), '[profiles]\nactive = "x"\n[profiles.fast]\ncache.ttl = 1\n');
    const unknown = await cli('config', 'get', 'cache.ttl');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toMatch(/Profile 'x' not defined\n\s*Available profiles: \[.*"fast".*\]/);
    expect((await cli('config', 'get', 'cache.ttl', '--profile', 'fast')).stdout).toBe('1\n');
    put(user('config.toml'), '[dynamic]\nconfig_urls = ["http://127.0.0.1:9/x.toml"]\n');
    const dynamic = await cli('config', 'get', 'cache.ttl');
    expect(dynamic.code).toBe(3);
    expect(dynamic.stderr).toContain('http://127.0.0.1:9/x.toml');
  }, 60_000);
});
