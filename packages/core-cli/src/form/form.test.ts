import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run } from '../../test/run.ts';
import { checkValue, complete, readForm } from '@provisioning/core';
import { askInBrowser } from './web.ts';

const form = readForm(
  {
    form: { name: 'infrastructure', title: 'Infrastructure' },
    sections: [{ name: 'backup', title: 'Backup' }],
    fields: [
      { name: 'mode', type: 'select', options: ['solo', 'enterprise'], required: true },
      { name: 'cpu_cores', type: 'number', default_from: 'mode', default_map: { solo: 2, enterprise: 16 } },
      { name: 'memory_gb', type: 'number', default: 8, validation_rule: 'memory_gb >= cpu_cores * 2' },
      { name: 'port', type: 'custom(u16)', default: 5432 },
      { name: 'enable_backup', type: 'confirm', default: false },
      {
        name: 'days',
        type: 'number',
        section: 'backup',
        required: true,
        visible_if: 'enable_backup == true',
      },
    ],
  },
  'form.toml',
);
const field = (name: string) => form.fields.find((entry) => entry.name === name)!;

describe('forms', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-form-'));
    writeFileSync(
      join(folder, 'f.toml'),
      'name = "f"\n[[fields]]\nname = "host"\nrequired = true\n[[fields]]\nname = "size"\ntype = "number"\ndefault = 3\n',
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('01.A15 a hidden field is left out, a rule and a range are kept', () => {
    expect(complete(form, { mode: 'solo' })).toEqual({
      values: { mode: 'solo', cpu_cores: 2, memory_gb: 8, port: 5432, enable_backup: false },
      errors: [],
    });
    expect(complete(form, { mode: 'solo', enable_backup: true }).errors).toEqual([
      { field: 'days', message: 'days is required' },
    ]);
    expect(complete(form, { mode: 'solo', memory_gb: 2, cpu_cores: 4 }).errors).toEqual([
      { field: 'memory_gb', message: 'memory_gb breaks the rule memory_gb >= cpu_cores * 2' },
    ]);
    expect(checkValue(field('port'), 70_000, {})).toBe('port must be a whole number from 0 to 65535');
  });

  test('a form that is wrong names the field', () => {
    const read = (fields: object[]) => () => readForm({ name: 'x', fields }, 'x.toml');
    expect(read([{ name: 'a', type: 'colour' }])).toThrow('Unknown field type: colour');
    expect(read([{ name: 'a' }, { name: 'a' }])).toThrow('Duplicate field: a');
    expect(read([{ name: 'a', visible_if: 'b == 1' }])).toThrow('Unknown field in visible_if: b');
    expect(
      read([
        { name: 'a', default_from: 'b' },
        { name: 'b', default_from: 'a' },
      ]),
    ).toThrow('depend on each other');
  });

  test('04 §5.1 a form file that is wrong says the line; a form of the platform says where its texts are', async () => {
    const write = (file: string, text: string) => {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    write(
      'wrong.toml',
      'title = "x"\n\n[[fields]]\nname = "a"\n\n[[fields]]\nname = "b"\nvisibleif = "a == 1"\n',
    );
    const wrong = await run(['form', 'validate', 'wrong.toml'], { cwd: folder });
    expect([wrong.code, wrong.stderr]).toEqual([
      3,
      expect.stringMatching(/Failed to parse config file: \S*wrong\.toml:6: Unknown key: visibleif/),
    ]);
    write('platform/orchestrator/form.toml', 'name = "o"\ndescription = "d"\n[[fields]]\nname = "a"\n');
    const platform = await run(['form', 'validate', 'platform/orchestrator/form.toml'], { cwd: folder });
    expect([platform.code, platform.stderr]).toEqual([3, expect.stringContaining('missing locales_path')]);
  });

  test('04 §5.1 a form has a name: of the workspace before the user, before those that come with the program', async () => {
    const environment = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') };
    const form = (words: string) => run(['form', ...words.split(' ')], { cwd: folder, environment });
    const shipped = await form('server-configuration --set server_name=web-01 --set zone=eu-fra1 --out json');
    expect(JSON.parse(shipped.stdout)).toMatchObject({ server_name: 'web-01', cpu_cores: 4, disk_gb: 100 });
    const own = join(folder, 'config/provisioning/templates/forms');
    mkdirSync(join(own, 'platform'), { recursive: true });
    writeFileSync(
      join(own, 'server-configuration.toml'),
      '[[fields]]\nname = "network.zone"\ndefault = "here"\n',
    );
    writeFileSync(join(own, 'disk.form.toml'), '[[fields]]\nname = "size"\n');
    expect(JSON.parse((await form('server-configuration --out json')).stdout)).toEqual({
      network: { zone: 'here' },
    });
    expect((await form('--config f.toml --set host=a')).stdout).toContain('host = "a"');
    expect((await form('--input f.toml --set host=a')).stdout).toContain('host = "a"');
    const unknown = await form('server-configuratio');
    expect([unknown.code, unknown.stderr]).toEqual([
      5,
      expect.stringContaining('Unknown form: server-configuratio'),
    ]);
    expect(unknown.stderr).toMatch(
      /Available forms:\n\s+- disk\n\s+- server-configuration\n[^]*Did you mean: server-configuration\?/,
    );
  });

  test('01.A16 without a terminal a missing required field is exit 2 and named', async () => {
    const missing = await run(['form', 'f.toml'], { cwd: folder });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('host');
    const given = await run(['form', 'f.toml', '--set', 'host=web-01', '--out', 'json'], { cwd: folder });
    expect(JSON.parse(given.stdout)).toEqual({ host: 'web-01', size: 3 });
    expect((await run(['form', 'f.toml', '--set', 'nope=1'], { cwd: folder })).code).toBe(2);
    expect((await run(['form', 'validate', 'f.toml'], { cwd: folder })).stdout).toContain(
      'Form valid: f (2 fields)',
    );
    expect((await run(['form', 'missing.toml'], { cwd: folder })).code).toBe(5);
  });

  test('01.A15 a page refuses a wrong token and an invalid submit (422), and ends with the values', async () => {
    let url = '';
    const ended = askInBrowser({
      form,
      given: {},
      host: '127.0.0.1',
      port: 33_080,
      signal: new AbortController().signal,
      onReady: (address) => (url = address),
    });
    const late = { form, given: {}, host: '127.0.0.1', port: 33_090, signal: new AbortController().signal };
    await expect(askInBrowser({ ...late, onReady: () => undefined, patienceMs: 1 })).rejects.toThrow(
      'in time',
    );
    while (url === '') await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await fetch(url.replace(/token=.*/, 'token=wrong'))).status).toBe(403);
    const page = await (await fetch(url)).text();
    expect(page).toContain('<h1>Infrastructure</h1>');
    const send = (values: Record<string, string>) =>
      fetch(url, { method: 'POST', body: new URLSearchParams(values) });
    const refused = await send({ mode: 'solo', memory_gb: '1', cpu_cores: '4' });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain('breaks the rule');
    expect((await send({ mode: 'solo', memory_gb: '16', cpu_cores: '4', port: '80' })).status).toBe(200);
    expect(await ended).toEqual({
      mode: 'solo',
      cpu_cores: 4,
      memory_gb: 16,
      port: 80,
      enable_backup: false,
    });
  });

  test('a form is served on this machine only', async () => {
    const refused = await run(['form', 'f.toml', '--backend', 'web', '--host', '0.0.0.0'], { cwd: folder });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('on this machine only')]);
    const server = await run(['form', 'server', '--host', '192.0.2.1', '--port', '0'], { cwd: folder });
    expect([server.code, server.stderr]).toEqual([2, expect.stringContaining('on this machine only')]);
  });

  test('present values are what the questions offer; the result is written in five languages', async () => {
    writeFileSync(join(folder, 'present.yaml'), 'host: db-01\nsize: 8\n');
    const words = ['form', 'f.toml', '--input', 'present.yaml', '--set', 'size=9', '--output'];
    const written = async (format: string) => (await run([...words, format], { cwd: folder })).stdout;
    expect(JSON.parse(await written('json'))).toEqual({ host: 'db-01', size: 9 });
    expect(await written('yaml')).toBe('host: db-01\nsize: 9\n');
    expect(await written('toml')).toBe('host = "db-01"\nsize = 9\n');
    expect(await written('nickel')).toBe('{\n  host = "db-01",\n  size = 9,\n}\n');
    expect(await written('ts')).toBe('export default {\n  "host": "db-01",\n  "size": 9\n};\n');
  });
});
