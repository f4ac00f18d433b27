import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Sandbox } from '../test/sandbox.ts';
import { Terminal } from '../test/tmux.ts';

/** A workflow of three commands; `build` waits as long as there is the file `hold`. */
function workflow(hold: string): string {
  return `
name = "sleepers"
version = "1.0.0"

[[operations]]
id = "prepare"
type = "command"
config = { command = "sh", args = ["-c", "sleep 0.3"] }

[[operations]]
id = "build"
type = "command"
dependencies = ["prepare"]
config = { command = "sh", args = ["-c", "echo PROGRESS: 40 compiling; while [ -e ${hold} ]; do sleep 0.1; done"] }

[[operations]]
id = "ship"
type = "command"
dependencies = ["build"]
config = { command = "sh", args = ["-c", "true"] }
`;
}

describe('in a real terminal', () => {
  let sandbox: Sandbox;
  let terminal: Terminal | undefined;
  const hold = () => join(sandbox.folder, 'hold');
  const release = () => rmSync(hold());

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    writeFileSync(join(sandbox.folder, 'sleepers.toml'), workflow(hold()));
    expect((await sandbox.run(['orchestrator', 'start'])).code).toBe(0);
  }, 60_000);
  afterEach(() => terminal?.close());
  afterAll(() => sandbox.remove());

  test('a workflow is a live tree that ends with its result and the cursor back', async () => {
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    writeFileSync(hold(), '');
    terminal.type('provisioning workflow submit sleepers.toml --wait');
    await terminal.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] {3}?build|[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] +build/u);
    expect(terminal.cursorVisible()).toBe(false);
    release();
    const end = await terminal.until(/Workflow completed: sleepers/);
    expect(end).toMatch(/✓ sleepers 3\/3/u);
    expect(end.match(/✓ +build/gu)).toHaveLength(1);
    expect(terminal.screen(true)).toContain('\u001b[32m✓');
    expect(terminal.cursorVisible()).toBe(true);
  }, 60_000);

  test('a smaller window and 40 columns keep the tree whole', async () => {
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    writeFileSync(hold(), '');
    terminal.type('clear; provisioning workflow submit sleepers.toml --wait');
    await terminal.until(/ build/);
    terminal.resize(40, 15);
    release();
    const end = await terminal.until(/Workflow completed/);
    expect(end.match(/✓ +ship/gu)).toHaveLength(1);
    for (const line of end.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  }, 60_000);

  test('01.A11 Ctrl-C stops watching, not the work', async () => {
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    writeFileSync(hold(), '');
    terminal.type('provisioning workflow submit sleepers.toml --wait; echo "code $?"');
    await terminal.until(/ build/);
    terminal.press('C-c');
    const text = await terminal.until(/code \d+/);
    expect(text).toContain('code 130');
    expect(text.replaceAll('\n', '')).toMatch(/keeps running\. Follow it:\s*provisioning workflow status/);
    expect(terminal.cursorVisible()).toBe(true);
    release();
    terminal.type('clear; provisioning workflow status --follow; echo "code $?"');
    await terminal.until(/✓ sleepers 3\/3[\s\S]*code 0/u);
  }, 60_000);

  test('Ctrl-Z leaves a usable shell, and fg goes on', async () => {
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    writeFileSync(hold(), '');
    terminal.type('provisioning workflow submit sleepers.toml --wait');
    await terminal.until(/ build/);
    terminal.press('C-z');
    await terminal.until(/Stopped/);
    expect(terminal.cursorVisible()).toBe(true);
    release();
    terminal.type('fg');
    expect(await terminal.until(/Workflow completed/)).toMatch(/✓ +ship/u);
  }, 60_000);

  test('a dumb terminal, no colour and a screen reader get plain lines', async () => {
    for (const [name, value] of [
      ['TERM', 'dumb'],
      ['PROVISIONING_SCREEN_READER', '1'],
    ] as const) {
      terminal = new Terminal(sandbox, { columns: 100, rows: 30 }, { [name]: value });
      terminal.type('provisioning workflow submit sleepers.toml --wait');
      const text = await terminal.until(/Workflow completed/);
      expect(text).toMatch(/build Running -> Completed/);
      expect(text).toContain('ok: Workflow completed');
      terminal.close();
    }
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 }, { NO_COLOR: '1' });
    terminal.type('provisioning workflow submit sleepers.toml --wait');
    await terminal.until(/Workflow completed/);
    expect(terminal.screen(true)).not.toContain('\u001b[3');
  }, 90_000);

  test('01.A9 answering n cancels and keeps everything', async () => {
    await sandbox.run(['workspace', 'init', 'keep', '--no-infra']);
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    terminal.type('provisioning workspace remove keep; echo "code $?"');
    await terminal.until(/\(y\/N\)/);
    terminal.type('n');
    const text = await terminal.until(/code \d+/);
    expect(text).toContain('Cancelled');
    expect(text).toContain('code 1');
    expect((await sandbox.run(['workspace', 'list'])).stdout).toContain('keep');
  }, 60_000);

  test('a form asks field by field, again after a wrong answer', async () => {
    writeFileSync(
      join(sandbox.folder, 'f.toml'),
      'name = "f"\n[[fields]]\nname = "host"\nrequired = true\n[[fields]]\nname = "size"\ntype = "number"\ndefault = 3\n',
    );
    terminal = new Terminal(sandbox, { columns: 100, rows: 30 });
    terminal.type('provisioning form f.toml --output json; echo "code $?"');
    await terminal.until(/\? host:/);
    terminal.type('web-01');
    await terminal.until(/\? size:/);
    terminal.type('many');
    await terminal.until(/size must be a number/);
    terminal.type('7');
    expect(await terminal.until(/Is this right\?/)).toMatch(/Review\n +host: web-01\n +size: 7/);
    terminal.type('n');
    await terminal.until(/\? host: \(web-01\)/);
    terminal.press('Enter');
    await terminal.until(/\? size: \(7\)/);
    terminal.type('8');
    await terminal.until(/size: 8/);
    terminal.press('Enter');
    const text = await terminal.until(/code \d+/);
    expect(text).toContain('"size": 8');
    expect(text).toContain('code 0');
    terminal.type('clear; provisioning form f.toml --outfile out.toml; echo "code $?"');
    await terminal.until(/^(?!.*Review).*\? host:/su);
    terminal.press('C-c');
    expect(await terminal.until(/code \d+/)).toContain('code 130');
    expect((await sandbox.run(['form', 'validate', 'out.toml'])).code).toBe(5);
  }, 60_000);

  test('form server shows where it is and its token; Ctrl-C ends it with 0', async () => {
    terminal = new Terminal(sandbox, { columns: 120, rows: 30 });
    terminal.type('provisioning form server --port 0; echo "code $?"');
    const text = await terminal.until(/Authorization: Bearer \S+/);
    const [, url] = /served at (\S+)\/forms/.exec(text)!;
    const [, token] = /Bearer (\S+)/.exec(text)!;
    const made = await fetch(`${url!}/forms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token!}` },
      body: 'name = "f"\n[[fields]]\nname = "host"\n',
    });
    expect(await made.json()).toMatchObject({ status: 'rendered', fields: [{ name: 'host' }] });
    terminal.press('C-c');
    expect(await terminal.until(/code \d+/)).toContain('code 0');
  }, 60_000);
});
