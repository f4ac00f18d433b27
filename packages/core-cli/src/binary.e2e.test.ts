import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { program, Sandbox } from '../test/sandbox.ts';

describe('the binary', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make();
  });
  afterAll(() => sandbox.remove());

  test('01.A7 without a workspace: server list needs one, the rest does not', async () => {
    const list = await sandbox.run(['server', 'list']);
    expect(list.code).toBe(3);
    expect(list.stderr).toContain('Workspace Required');
    expect(list.stderr).toContain('provisioning workspace init <name>');
    for (const words of [['version'], ['help'], ['sc'], ['guide', 'list'], ['workspace', 'list']]) {
      expect([words, (await sandbox.run(words)).code]).toEqual([words, 0]);
    }
  }, 60_000);

  test('01.A5 01.A6 01.A13 a new workspace: lists are bare arrays, marks are words in a pipe', async () => {
    expect(
      (await sandbox.run(['workspace', 'init', 'x', '--template', 'demo', '--infra-name', 'demo'])).code,
    ).toBe(0);
    expect((await sandbox.run(['server', 'list', '--out', 'json'])).stdout).toBe('[]\n');
    expect(JSON.parse((await sandbox.run(['list', 'infras', '--out', 'json'])).stdout)).toEqual(['demo']);
    const { stdout, stderr } = await sandbox.run(['workspace', 'activate', 'x'], {
      environment: { NO_COLOR: '1' },
    });
    expect(stdout).toContain("ok: Workspace 'x' activated");
    expect(`${stdout}${stderr}`).not.toContain('\u001b');
  }, 60_000);

  test('a reader that is slow gets everything, one that leaves ends it silently, a full disk is an error', async () => {
    const shell = (line: string) =>
      spawnSync('sh', ['-c', line], { encoding: 'utf8', env: sandbox.environment, cwd: sandbox.folder });
    const cli = `'${process.execPath}' '${program}'`;
    const whole = shell(`${cli} commands list --out json > all.json; wc -c < all.json`).stdout;
    expect(Number(whole)).toBeGreaterThan(65_536);
    expect(shell(`${cli} commands list --out json | (sleep 0.5; wc -c)`).stdout).toBe(whole);
    expect(shell(`(${cli} commands list --out json; echo "exit $?" >&2) | head -c 1`)).toMatchObject({
      stdout: '[',
      stderr: 'exit 0\n',
    });
    for (const words of ['version', '--version', 'sc', 'help', 'commands list']) {
      const { status, stderr } = shell(`${cli} ${words} > /dev/full`);
      expect([words, status, stderr]).toEqual([
        words,
        1,
        expect.stringMatching(/^error: Cannot write .*no space/),
      ]);
      expect(stderr).not.toContain('    at ');
    }
    // What is no file is written to, never replaced. `cat` has an output of its own: programs that share a pipe with Node
    // may find it switched to not waiting.
    const piped = shell(
      `mkfifo pipe; cat pipe > piped & ${cli} commands list --out json --outfile pipe; wait; test -p pipe && wc -c < piped`,
    );
    expect(piped.stdout).toBe(whole);
  }, 120_000);

  test('01.A3 -ws after the command chooses a workspace and infrastructure', async () => {
    const found = await sandbox.run(['infra', 'show', '-ws', 'x:demo', '--out', 'json']);
    expect(JSON.parse(found.stdout)).toMatchObject({ name: 'demo' });
    expect((await sandbox.run(['-ws', 'x:demo', 'server', 'list'])).code).toBe(2);
    expect((await sandbox.run(['infra', 'show', '-ws', 'x:demo', '--infra', 'nope'])).code).toBe(5);
  }, 60_000);

  test('01.A4 an unknown taskserv is exit 5 with the list', async () => {
    const { code, stderr } = await sandbox.run(['taskserv', 'show', 'bogus']);
    expect(code).toBe(5);
    expect(stderr).toContain('Unknown taskserv: bogus');
    expect(stderr).toContain('redis');
  }, 60_000);

  test('01.A2 check mode changes no file', async () => {
    const before = files(join(sandbox.folder, 'workspaces'));
    const first = await sandbox.run(['workspace', 'init', 'y', '-c']);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('Would create:') });
    expect((await sandbox.run(['-c', 'workspace', 'remove', 'x'])).code).toBe(0);
    expect(files(join(sandbox.folder, 'workspaces'))).toEqual(before);
  }, 60_000);

  test('01.A8 a question nobody can answer is exit 2 and nothing happens', async () => {
    const { code, stderr } = await sandbox.run(['workspace', 'remove', 'x']);
    expect(code).toBe(2);
    expect(stderr).toContain('Confirmation required: re-run with --yes');
    expect((await sandbox.run(['workspace', 'list', '--out', 'json'])).stdout).toContain('"name":"x"');
  }, 60_000);

  test('01.A12 with auto_start off a workflow says that there is no orchestrator', async () => {
    writeFileSync(
      join(sandbox.folder, 'w.toml'),
      'name = "w"\nversion = "1.0.0"\n[[operations]]\nid = "a"\ntype = "command"\n',
    );
    const { code, stderr } = await sandbox.run(['workflow', 'submit', 'w.toml'], {
      environment: { PROVISIONING_ORCHESTRATOR_AUTO_START: 'false' },
    });
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('Internal error');
  }, 60_000);

  test('a closed pipe ends quietly', () => {
    const script = `'${process.execPath}' '${program}' commands list --out json --pretty | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], {
      env: sandbox.environment,
      encoding: 'utf8',
    });
    expect(stdout).toBe('[\n0\n');
    expect(stderr).toBe('');
  });

  test.each(['bash', 'zsh', 'fish'])('completion for %s is a script the shell accepts', async (shell) => {
    const { stdout } = await sandbox.run(['completion', shell]);
    const file = join(sandbox.folder, `completion.${shell}`);
    writeFileSync(file, stdout);
    const { status, error } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      expect(stdout).toContain('completion words');
      return;
    }
    expect(status).toBe(0);
  });

  test('completion in bash offers commands, options and names', () => {
    const ask = (line: string): string[] => {
      const words = line.split(' ');
      const script = `
        provisioning() { '${process.execPath}' '${program}' "$@"; }
        source <(provisioning completion bash)
        COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
        _provisioning; printf '%s\\n' "\${COMPREPLY[@]}"`;
      // Not what a busy machine manages in 200 ms is shown here.
      const env = { ...sandbox.environment, PROVISIONING_COMPLETION_TIMEOUT: '60000' };
      return spawnSync('bash', ['-c', script], { env, encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(ask('provisioning serv')).toEqual(expect.arrayContaining(['server']));
    expect(ask('provisioning server ')).toEqual(expect.arrayContaining(['list', 'create', 'ssh']));
    expect(ask('provisioning s li')).toEqual(['list']);
    expect(ask('provisioning plan --detailed')).toEqual(['--detailed-exitcode']);
    expect(ask('provisioning plan --out ')).toEqual(['table', 'text', 'json', 'yaml', 'toml']);
    expect(ask('provisioning workspace activate ')).toEqual(['x']);
    expect(ask('provisioning taskserv show redi')).toEqual(['redis']);
    expect(ask('provisioning guide s')).toEqual(expect.arrayContaining(['system-setup']));
  }, 60_000);

  test('the orchestrator starts once for two callers, and stops', async () => {
    const both = await Promise.all([
      sandbox.run(['orchestrator', 'start', '--out', 'json']),
      sandbox.run(['orchestrator', 'start', '--out', 'json']),
    ]);
    const pids = both.map(({ stdout }) => (JSON.parse(stdout) as { pid: number }).pid);
    expect(pids[0]).toBe(pids[1]);
    const { stdout } = await sandbox.run(['orch', 'status', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ health: 'healthy', active_tasks: 0 });
    expect((await sandbox.run(['orchestrator', 'stop'])).stdout).toContain('Orchestrator stopped');
    expect(JSON.parse((await sandbox.run(['orch', 'status', '-o', 'json'])).stdout)).toMatchObject({
      health: 'stopped',
    });
  }, 60_000);
});

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return `${file}:${statSync(file).mtimeMs}`;
    })
    .sort();
}
