import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { processSurroundings, setPreference } from '@provisioning/core';
import { Sandbox } from '../../test/sandbox.ts';
import { Terminal } from '../../test/tmux.ts';

describe('guides and hints', () => {
  let sandbox: Sandbox;
  let terminal: Terminal | undefined;
  /** What `guide from-scratch` prints into a pipe. */
  let fromScratch: string;

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    fromScratch = (await sandbox.run(['guide', 'from-scratch'])).stdout;
  });
  afterEach(() => terminal?.close());
  afterAll(() => sandbox.remove());

  /** A program on a path of its own that the tests' terminals search first. */
  function helper(name: string, script: string): string {
    const folder = join(sandbox.folder, 'helpers');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
    return `${folder}:/usr/bin:/bin`;
  }

  test('24.A1 the short reference needs no pager and no helper', async () => {
    const { code, stdout } = await sandbox.run(['sc'], { environment: { PATH: '/nonexistent' } });
    expect(code).toBe(0);
    expect(stdout).toContain('# provisioning: short reference');
    expect(stdout.split('\n').length).toBeLessThanOrEqual(121);
    terminal = new Terminal(sandbox, { columns: 100, rows: 20 });
    terminal.type('clear; provisioning sc; echo ended');
    await terminal.until(/^ended$/m);
  }, 60_000);

  test('24.A2 a guide in a pipe is plain Markdown', async () => {
    expect(fromScratch).toMatch(/^# From an empty machine/);
    expect(fromScratch).toContain('```bash\n');
    expect(fromScratch).not.toContain('\u001b');
  });

  test('24.A3 other names show the same text; deploy alone is the command', async () => {
    for (const name of ['scratch', 'start', 'deploy']) {
      expect((await sandbox.run(['guide', name])).stdout).toBe(fromScratch);
    }
    const { code, stderr } = await sandbox.run(['deploy']);
    expect(code).toBe(3);
    expect(stderr).toContain('Workspace Required');
  }, 60_000);

  test('24.A4 01.A20 howto lists the guides; an unknown one is exit 5 with the nearest', async () => {
    const list = (await sandbox.run(['guide', 'list'])).stdout;
    for (const words of [['howto'], ['guides'], ['guide']]) {
      expect([words, (await sandbox.run(words)).stdout]).toEqual([words, list]);
    }
    const unknown = await sandbox.run(['guide', 'from-scrach']);
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toContain('Unknown guide: from-scrach');
    expect(unknown.stderr).toContain('Did you mean: provisioning guide from-scratch?');
    const nope = await sandbox.run(['guide', 'nope']);
    expect(nope.code).toBe(5);
    expect(nope.stderr).toContain('customize');
  }, 60_000);

  test('24.A5 01.A20 glow is used where it is; where it fails or is missing the next renderer shows the guide', async () => {
    const marked = helper('glow', 'echo "SHOWN BY GLOW"; cat >/dev/null');
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 }, { PATH: marked });
    terminal.type('clear; provisioning guide update; echo ended');
    expect(await terminal.until(/^ended$/m)).toContain('SHOWN BY GLOW');
    terminal.close();

    const failing = helper('glow', 'exit 1');
    helper('bat', 'echo "SHOWN BY BAT"; cat >/dev/null');
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 }, { PATH: failing });
    terminal.type('clear; provisioning guide update; echo ended');
    expect(await terminal.until(/^ended$/m)).toContain('SHOWN BY BAT');
    terminal.close();

    rmSync(join(sandbox.folder, 'helpers'), { recursive: true });
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    terminal.type('clear; PATH=/nonexistent provisioning guide update');
    expect(await terminal.until(/space: more, q: end/)).toContain('CHANGE WHAT IS RUNNING');
    terminal.press('q');
    terminal.type('echo ended');
    await terminal.until(/^ended$/m);
  }, 90_000);

  test('24.A6 the commands of one step, with values filled in', async () => {
    const { stdout } = await sandbox.run(['guide', 'update', '--set', 'infra=prod', '--copy', '3']);
    expect(stdout).toContain('provisioning plan --infra prod\n');
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('provisioning '))).toEqual([]);
    expect((await sandbox.run(['guide', 'update', '--copy', '3'])).stdout).toContain('--infra <infra>');
  }, 60_000);

  test('24.A7 help on guides reads the same from every side', async () => {
    const text = (await sandbox.run(['help', 'guides'])).stdout;
    expect(text).toContain('GUIDES');
    for (const words of [
      ['help', 'howto'],
      ['guide', 'help'],
      ['help', 'guide'],
    ]) {
      expect([words, (await sandbox.run(words)).stdout]).toEqual([words, text]);
    }
  }, 60_000);

  test('24.A18 hints are for people: on the terminal, never on standard output or in a pipe', async () => {
    const make = (name: string): string[] => ['workspace', 'init', name];
    const piped = await sandbox.run(make('one'));
    expect(piped.code).toBe(0);
    expect(`${piped.stdout}${piped.stderr}`).not.toContain('Next:');

    terminal = new Terminal(sandbox, { columns: 120, rows: 40 });
    terminal.type(`clear; provisioning ${make('two').join(' ')}; echo ended`);
    expect(await terminal.until(/^ended$/m)).toContain('Next: provisioning workspace activate two');
    terminal.type(`clear; provisioning ${make('three').join(' ')} 2>/dev/null; echo ended`);
    expect(await terminal.until(/'three' created[\s\S]*^ended$/m)).not.toContain('Next:');
    terminal.type(`clear; provisioning ${make('four').join(' ')} --no-hints; echo ended`);
    expect(await terminal.until(/'four' created[\s\S]*^ended$/m)).not.toContain('Next:');
    const surroundings = { ...processSurroundings(''), env: sandbox.environment, home: sandbox.folder };
    await setPreference(surroundings, 'hints', 'false');
    terminal.type(`clear; provisioning ${make('five').join(' ')}; echo ended`);
    expect(await terminal.until(/'five' created[\s\S]*^ended$/m)).not.toContain('Next:');
  }, 90_000);
});
