import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { documentedLines, isTestedGuide, markdownFiles } from './commands.ts';

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
    (_, file) => {
      for (const { line, text, runs } of documentedLines(root, file)) {
        if (!runs) continue;
        const filled = text
          .replaceAll('{{workspace}}', `docs-${line}`)
          .replaceAll('{{infra}}', 'demo')
          .replaceAll('{{server}}', 'web-01');
        const { code, output } = run(filled);
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
