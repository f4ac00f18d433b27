import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, Sandbox } from '../../../../packages/core-cli/test/sandbox.ts';
import { Terminal } from '../../../../packages/core-cli/test/tmux.ts';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

/** How each shell starts without anybody's own settings, and how it reads the completion. */
const shells = {
  bash: { start: 'exec bash --norc --noprofile', load: 'source <(provisioning completion bash)' },
  zsh: {
    start: 'exec zsh -f',
    load: 'autoload -Uz compinit; compinit -u -D; source <(provisioning completion zsh)',
  },
  fish: { start: 'exec fish --no-config', load: 'provisioning completion fish | source' },
} as const;

/** What is typed before Tab, and what stands there afterwards: a command, an option, a value, a name. */
const typed: readonly (readonly [string, string])[] = [
  ['provisioning taskserv check-d', 'provisioning taskserv check-deps'],
  ['provisioning server list --refr', 'provisioning server list --refresh'],
  ['provisioning server list --out js', 'provisioning server list --out json'],
  ['provisioning workspace activate onl', 'provisioning workspace activate only-one'],
];

const suite: ConformanceSuite = {
  title: 'Completion typed into bash, zsh and fish; recipes in just',
  async run(say) {
    install(say);
    const sandbox = await Sandbox.make();
    try {
      const made = await sandbox.run(['workspace', 'init', 'only-one', '--no-infra', '--activate']);
      if (made.code !== 0) throw new Error(made.stderr);
      const tools = join(sandbox.folder, 'bin');
      mkdirSync(tools);
      writeFileSync(
        join(tools, 'provisioning'),
        `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
        { mode: 0o755 },
      );
      const cases: CaseResult[] = [];
      for (const [name, shell] of Object.entries(shells))
        cases.push(...(await complete(sandbox, tools, name, shell)));
      cases.push(...recipesInJust(sandbox, say));
      return { cases };
    } finally {
      await sandbox.remove();
    }
  },
};
export default suite;

function install(say: (message: string) => void): void {
  const missing = ['zsh', 'fish', 'tmux'].filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length === 0) return;
  say(`apt-get install ${missing.join(' ')}`);
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [first = '', ...rest] = [
    ...sudo,
    'apt-get',
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    ...missing,
  ];
  spawnSync(first, rest, { stdio: 'ignore' });
}

async function complete(
  sandbox: Sandbox,
  tools: string,
  name: string,
  shell: { readonly start: string; readonly load: string },
): Promise<CaseResult[]> {
  if (spawnSync('which', [name]).status !== 0)
    return [{ name: `completion in ${name}`, status: 'skipped', reason: `${name} is not there` }];
  const path = `${tools}:${sandbox.environment['PATH']!}`;
  const terminal = new Terminal(sandbox, { columns: 120, rows: 30 }, { PATH: path });
  const cases: CaseResult[] = [];
  try {
    await terminal.until(/>/);
    terminal.type(shell.start);
    // The shell is there when it answers; what it prints differs from what is typed.
    terminal.type('echo rea""dy');
    await terminal.until(/^ready$/m);
    terminal.type(shell.load);
    terminal.type('clear; echo loa""ded');
    await terminal.until(/^loaded$/m);
    for (const [before, after] of typed) {
      const title = `${name}: ${after}`;
      terminal.write(before);
      terminal.press('Tab');
      try {
        await terminal.until(new RegExp(`${after}( |$)`, 'm'));
        cases.push({ name: title, status: 'passed' });
      } catch (error) {
        cases.push({ name: title, status: 'failed', reason: String(error) });
      }
      terminal.press('C-c');
      terminal.type('clear');
    }
  } catch (error) {
    cases.push({ name: `completion in ${name}`, status: 'failed', reason: String(error) });
  } finally {
    terminal.close();
  }
  return cases;
}

/** `just` as its publisher ships it on PyPI, against the files of this repository (24.A14, 24.A16). */
function recipesInJust(sandbox: Sandbox, say: (message: string) => void): CaseResult[] {
  const root = join(import.meta.dirname, '../../../..');
  const folder = join(sandbox.folder, 'just');
  say('pip install rust-just');
  spawnSync('python3', ['-m', 'venv', folder]);
  spawnSync(join(folder, 'bin/pip'), ['install', '-q', 'rust-just']);
  const just = join(folder, 'bin/just');
  if (!existsSync(just))
    return [{ name: 'just', status: 'skipped', reason: 'rust-just could not be installed' }];
  const run = (words: readonly string[], input = '') =>
    spawnSync(just, words, {
      cwd: root,
      env: { ...sandbox.environment, PROVISIONING_PROGRAM: 'echo ran' },
      input,
      encoding: 'utf8',
    });
  const listed = spawnSync(process.execPath, [program, 'recipe', 'list', '--out', 'json'], {
    encoding: 'utf8',
  });
  const names = (JSON.parse(listed.stdout) as { name: string }[]).map(({ name }) => name);
  const shown = run(['--summary']).stdout.trim().split(' ');
  const missing = names.filter((name) => !shown.includes(name));
  const dry = run(['-n', 'orch-task-retry', 'w-1']);
  const no = run(['workflow-cleanup-old', '30'], 'n\n');
  const judge = (name: string, ok: boolean, reason: string): CaseResult =>
    ok ? { name, status: 'passed' } : { name, status: 'failed', reason };
  return [
    judge('24.A14 just lists every recipe', missing.length === 0 && names.length >= 56, missing.join(', ')),
    judge(
      '24.A16 just -n prints and does nothing',
      dry.stderr.includes('orchestrator task retry w-1') && !dry.stdout.includes('ran'),
      dry.stderr,
    ),
    judge('24.A15 n cancels', no.status !== 0 && !no.stdout.includes('ran'), no.stdout + no.stderr),
  ];
}
