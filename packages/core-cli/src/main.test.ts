import { describe, expect, test } from '@jest/globals';
import { catalogue, run } from '../test/run.ts';
import { route } from './argv/route.ts';
import { categoryOf } from './catalogue/categories.ts';

describe('the frame', () => {
  test('an unknown command is exit 2, names the nearest and points to help', async () => {
    const { code, stdout, stderr } = await run(['comands']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      "error: Unknown command: comands\n  Did you mean: commands?\n  Use 'provisioning help' to see all commands\n",
    );
  });

  test('01.A4 an unknown subcommand lists what there is', async () => {
    const { code, stderr } = await run(['commands', 'lst']);
    expect(code).toBe(2);
    expect(stderr).toContain('Unknown subcommand: lst');
    expect(stderr).toContain('Available: list, ');
  });

  test('a category may stand before its own commands only: no other command runs in their place', async () => {
    const table = await catalogue();
    for (const id of table.commands.keys()) {
      const category = categoryOf(id);
      const isCommand = category === undefined || route(table, [category.name]).words.length > 0;
      if (!isCommand) expect(route(table, [category.name, ...id.split(' ')]).words.join(' ')).toBe(id);
    }
    const refused = await run(['infrastructure', 'workspace', 'list']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Unknown infrastructure command: workspace');
    for (const word of ['status', 'start', 'destroy']) {
      const { code, stderr } = await run(['platform', word]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`'platform ${word}' is not part of this version`),
      ]);
    }
  });

  test('options that nobody has are refused beside a topic alone and beside nothing; a topic with options misses its subcommand', async () => {
    for (const words of ['commands --nope', 'server --nope', '--nope']) {
      const { code, stderr } = await run(words.split(' '));
      expect([words, code, stderr]).toEqual([words, 2, expect.stringContaining('Unknown option: --nope')]);
    }
    const missing = await run(['server', '--infra', 'x']);
    expect([missing.code, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toContain('Usage: provisioning server <subcommand>');
    expect(await run(['server', '--notitles'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('01.A3 -ws before the command is refused', async () => {
    const { code, stderr } = await run(['-ws', 'w:i', 'commands', 'list']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      '-ws must follow the subcommand: provisioning <command> <subcommand> -ws <workspace:infra>',
    );
  });

  test('01.A4 a wrong output format is exit 2', async () => {
    const { code, stderr } = await run(['commands', 'list', '--out', 'xml']);
    expect(code).toBe(2);
    expect(stderr).toContain('Invalid value for --out: xml. Valid: table, text, json, yaml, toml');
  });

  test('a command of a later version says so', async () => {
    const { code, stderr } = await run(['break-glass', 'list']);
    expect(code).toBe(2);
    expect(stderr).toContain("'break-glass' is not part of this version");
    expect((await run(['config', 'rotate-keys', 'f', 'key'])).stderr).toContain(
      "'config rotate-keys' is not part of this version",
    );
  });

  test('an option that is missing, or that does not go with another, is named', async () => {
    const missing = await run(['server', 'scale', 'web']);
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Missing required option: --count\n  Usage: provisioning server scale'),
    });
    const both = await run(['deploy', '--from-config', 'a.toml', '--frozen', 'v1']);
    expect(both.code).toBe(2);
    expect(both.stderr).toMatch(/--frozen.* cannot also be provided when using --from-config/);
  });

  test('version is the number alone, in every spelling', async () => {
    for (const argv of [['version'], ['--version'], ['-V'], ['-v']]) {
      expect((await run(argv)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
  });

  test('global options stand before or after the command', async () => {
    const before = await run(['--out', 'json', 'commands', 'list']);
    const between = await run(['commands', '-o', 'json', 'list']);
    const after = await run(['commands', 'list', '--format=json']);
    expect(JSON.parse(before.stdout)).toContainEqual(expect.objectContaining({ name: 'commands list' }));
    expect(between.stdout).toBe(before.stdout);
    expect(after.stdout).toBe(before.stdout);
  });

  test('every format prints one document', async () => {
    const { parse } = await import('yaml');
    const toml = await import('smol-toml');
    const json = JSON.parse((await run(['commands', 'list', '-o', 'json'])).stdout) as unknown[];
    expect(parse((await run(['commands', 'list', '-o', 'yaml'])).stdout)).toEqual(json);
    expect(toml.parse((await run(['commands', 'list', '-o', 'toml'])).stdout)).toEqual({ items: json });
  });

  test('a failure in a machine format is one line of JSON on standard error', async () => {
    const { code, stdout, stderr } = await run(['commands', 'show', 'nope', '--out', 'json']);
    expect(code).toBe(5);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({
      error: expect.objectContaining({
        code: 'COMMAND_NOT_FOUND',
        exit_code: 5,
        message: 'Unknown command: nope',
      }),
    });
  });

  test('colour only where it can be shown', async () => {
    const escape = '\u001b[';
    expect((await run(['help'], { tty: true })).stdout).toContain(escape);
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }, { PROVISIONING_SCREEN_READER: '1' }]) {
      expect((await run(['help'], { tty: true, environment: environment as never })).stdout).not.toContain(
        escape,
      );
    }
    expect((await run(['help'])).stdout).not.toContain(escape);
    expect((await run(['help'], { environment: { FORCE_COLOR: '1' } })).stdout).toContain(escape);
  });

  test('tables fit 40 columns', async () => {
    const { stdout } = await run(['commands', 'list'], {
      tty: true,
      columns: 40,
      environment: { NO_COLOR: '1' },
    });
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('a list value of the environment is checked', async () => {
    const { code, stderr } = await run(['commands', 'list'], {
      environment: { PROVISIONING_TIMEOUT: 'abc' },
    });
    expect(code).toBe(3);
    expect(stderr).toContain('Invalid value for PROVISIONING_TIMEOUT: abc');
  });
});
