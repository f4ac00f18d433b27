import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { main, scanCatalogue } from '@provisioning/cli';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { documentedLines, isTestedGuide, markdownFiles, wordsOf } from './commands.ts';

const root = join(import.meta.dirname, '../../..');
const program = join(root, 'packages/core-cli/bin/provisioning.js');
const home = mkdtempSync(join(tmpdir(), 'provisioning-docs-'));
const environment = {
  PATH: process.env['PATH']!,
  HOME: home,
  SHELL: '/bin/bash',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  XDG_RUNTIME_DIR: join(home, 'run'),
  PROVISIONING_NONINTERACTIVE: 'true',
  ORCHESTRATOR_SERVER_PORT: '9',
  PROVISIONING_OCI_REGISTRY: `layout:${join(home, 'registry')}`,
  NO_COLOR: '1',
};

/** Lines that need servers or a running orchestrator: they are run, and may say that there is none. */
const mayMiss =
  /plan|deploy|destroy|server (info|exec|restart|create|delete)|workflow|taskserv (create|delete|list --installed|status|health|logs|update|rollback|backup|restore|test|migration-logs)|orchestrator (logs|health)/;

function run(line: string): { readonly code: number; readonly output: string } {
  const script = `provisioning() { '${process.execPath}' '${program}' "$@"; }\n${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], {
    env: environment,
    cwd: home,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status ?? 1, output: `${stdout}${stderr}` };
}

/** These wait for a person, a stream or a network, or concern the installation itself. */
const waits =
  /--follow|--watch|monitor|server ssh|config edit|init --wizard|form server|--backend web|^provisioning (install|upgrade|update|uninstall|completion install|oci login|oci-registry start|extension (test|build)|runtime|taskserv (test|check-updates|update)|provider test)|age-keygen|\$\(/;

/** Runs a line in this process as it would be run from a script. */
async function runHere(
  text: string,
  ...more: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const written: string[] = [];
  const stream = (): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString());
        done();
      },
    });
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  stdin.end();
  const runtime = {
    environment: { ...environment, ORCHESTRATOR_SERVER_PORT: '9' },
    cwd: home,
    stdin,
    stdout: stream(),
    stderr: stream(),
    platform: process.platform,
    now: () => Date.now(),
  };
  const code = await main([...wordsOf(text), ...more], await (catalogue ??= scanCatalogue()), runtime);
  return { code, output: written.join('') };
}
/** A read without anything for a shell to do; it need not start a process. */
const plain =
  /^provisioning (?!.*[|;&$<>])(?!.*\b(init|install|activate|switch|set|create|load|generate|edit|encrypt|backup|completion|exec)\b)/;

let catalogue: ReturnType<typeof scanCatalogue> | undefined;

describe('every command line of the documentation', () => {
  beforeAll(() => {
    expect(run('provisioning workspace init shop --template demo --infra-name demo --activate').code).toBe(0);
  });
  afterAll(async () => {
    await stopPrivateService({ variables: environment });
    rmSync(home, { recursive: true, force: true });
  });

  const pages = markdownFiles(join(root, 'docs')).filter((file) => !isTestedGuide(file));
  test.each(pages.map((file) => [file.slice(root.length + 1), file] as const))(
    '%s',
    async (_, file) => {
      // The reference's lines are the examples of the commands: the dispatch test has them.
      if (file.endsWith('reference/cli.md')) return;
      for (const { line, text, runs } of documentedLines(root, file)) {
        const filled = text
          .replaceAll('{{workspace}}', `docs-${line}`)
          .replaceAll('{{infra}}', 'demo')
          .replaceAll('{{server}}', 'web-01');
        if (!runs) {
          if (waits.test(filled) || isTestedGuide(file)) continue;
          const { code, output } = await runHere(filled, ...(filled.includes(' -- ') ? [] : ['--check']));
          expect([filled, output]).not.toEqual([filled, expect.stringContaining('Internal error')]);
          // Not there, not running, not allowed: fine without servers. Not understood: not fine.
          if (!filled.includes('--detailed-exitcode'))
            expect([filled, code === 2, output]).toEqual([filled, false, output]);
          continue;
        }
        const { code, output } = plain.test(filled) ? await runHere(filled) : run(filled);
        expect([filled, output]).not.toEqual([filled, expect.stringContaining('Internal error')]);
        if (mayMiss.test(filled))
          expect([filled, [0, 1, 5].includes(code), output]).toEqual([filled, true, output]);
        else expect([filled, code, output]).toEqual([filled, 0, output]);
        if (/workspace init/.test(filled)) run('provisioning workspace activate shop');
      }
    },
    300_000,
  );
});
