import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Sandbox } from '../test/sandbox.ts';
import { Terminal } from '../test/tmux.ts';

/** Begins every colour and attribute. */
const escape = '\u001b[';

describe('questions, tables and pages in a real terminal', () => {
  let sandbox: Sandbox;
  let terminal: Terminal | undefined;

  const open = (columns: number, environment: Record<string, string> = {}): Terminal => {
    terminal = new Terminal(sandbox, { columns, rows: 40 }, environment);
    return terminal;
  };

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    const made = await sandbox.run([
      'workspace',
      'init',
      'shop',
      '--template',
      'demo',
      '--infra-name',
      'demo',
    ]);
    expect(made).toMatchObject({ code: 0 });
  }, 60_000);
  afterEach(() => terminal?.close());
  afterAll(() => sandbox.remove());

  test('a table is rows in 100 columns, and records where it does not fit: in 40', async () => {
    open(100).type('clear; provisioning provider list; echo "code $?"');
    expect(await terminal!.until(/code 0/)).toMatch(/^local +0/m);
    terminal!.close();
    open(40).type('clear; provisioning provider list; echo "code $?"');
    const text = await terminal!.until(/code 0/);
    expect(text).toMatch(/^NAME: +local$/m);
    expect(text).not.toMatch(/^local +0/m);
  }, 60_000);

  test('no colour, a dumb terminal and a screen reader: no styles, words for marks', async () => {
    open(100).type('clear; provisioning status; echo "code $?"');
    await terminal!.until(/code \d/);
    expect(terminal!.screen(true)).toContain(escape);
    terminal!.close();
    for (const [name, value] of [
      ['NO_COLOR', '1'],
      ['TERM', 'dumb'],
      ['PROVISIONING_SCREEN_READER', '1'],
    ] as const) {
      open(100, { [name]: value }).type(
        'clear; provisioning status; provisioning server lst; echo "code $?"',
      );
      const text = await terminal!.until(/code \d/);
      expect(text).toContain('ok: Versions');
      expect(text).toContain('Unknown subcommand: lst');
      expect(text).toContain('code 2');
      expect(text).not.toMatch(/[✓✗⚠ℹ●○]/u);
      if (name !== 'PROVISIONING_SCREEN_READER') expect(terminal!.screen(true)).not.toContain(escape);
      terminal!.close();
    }
  }, 60_000);

  test('Ctrl-C at a question: 130, nothing done, and the terminal echoes again', async () => {
    await sandbox.run(['workspace', 'init', 'keep', '--no-infra']);
    const { type, until, press } = bound(open(100));
    type('provisioning workspace remove keep; echo "code $?"');
    await until(/\(y\/N\)/);
    press('C-c');
    expect(await until(/code \d+/)).toContain('code 130');
    type('clear; stty -a | grep -q " echo " && echo restored');
    await until(/^restored$/m);
    expect((await sandbox.run(['workspace', 'list'])).stdout).toContain('keep');
  }, 60_000);

  test('Ctrl-C while a secret is typed shows nothing of it and gives the echo back', async () => {
    const { type, until, press, write } = bound(open(100));
    type(
      'printf \'name = "f"\\n[[fields]]\\nname = "secret"\\ntype = "password"\\nrequired = true\\n\' > s.toml',
    );
    type('clear; provisioning form s.toml; echo "code $?"');
    await until(/\? secret:/);
    write('hunter2');
    press('C-c');
    const text = await until(/code \d+/);
    expect(text).toContain('code 130');
    expect(text).not.toContain('hunter2');
    type('clear; stty -a | grep -q " echo " && echo restored');
    await until(/^restored$/m);
  }, 60_000);

  test('Ctrl-Z at a question: the shell works, and fg takes the answer', async () => {
    const { type, until, press } = bound(open(100));
    type('provisioning workspace remove keep');
    await until(/\(y\/N\)/);
    press('C-z');
    await until(/Stopped/);
    type('echo still $((40 + 2))');
    await until(/still 42/);
    type('fg');
    await until(/> fg\n[\s\S]*registry\? \(y\/N\)/);
    type('n');
    await until(/Cancelled/);
    expect((await sandbox.run(['workspace', 'list'])).stdout).toContain('keep');
  }, 60_000);

  test('a guide in 40 columns is read page by page, and left with q', async () => {
    const { type, until, press } = bound(open(40));
    type('PATH= provisioning guide update; echo "code $?"');
    const page = await until(/-- space: more, q: end --/);
    expect(page).toMatch(/CHANGE WHAT IS RUNNING/);
    // Words are whole; only commands may run over the edge.
    expect(page).toMatch(/^Change the definition, look at the plan,$/m);
    press('q');
    expect(await until(/code \d+/)).toContain('code 0');
    expect(terminal!.cursorVisible()).toBe(true);
  }, 60_000);
});

function bound(terminal: Terminal) {
  return {
    type: (line: string) => terminal.type(line),
    write: (text: string) => terminal.write(text),
    press: (key: string) => terminal.press(key),
    until: (pattern: RegExp) => terminal.until(pattern),
  };
}
