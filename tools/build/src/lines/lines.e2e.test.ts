import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { root, runProgram, runTarget } from '../testing/process.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-lines-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('11.A3 status says that nothing is built', async () => {
  const { code, stdout } = await runTarget('status', '--output-dir', join(folder, 'all'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Build System Status\n/);
  expect(stdout).toContain('Core package: ❌ Not built');
  expect(stdout).toContain('Total packages: 0');
});

test('an unknown target or flag is a mistake of the command line', async () => {
  expect((await runTarget('buidl')).code).toBe(2);
  expect((await runTarget('build', '--verison', '1.0.0')).code).toBe(2);
  const dry = await runTarget(
    'build',
    '--version',
    '9.9.9',
    '--dry-run',
    '--output-dir',
    join(folder, 'dry'),
  );
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('provisioning-core-9.9.9.tar.gz') });
  expect(readdirSync(folder)).not.toContain('dry');
});

test('11.A2 a service that imports the command line fails lint', async () => {
  const environment = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  // The rule looks the packages up in the project graph, as `npm run lint` has it made first.
  expect(
    await runProgram(process.execPath, ['node_modules/.bin/nx', 'show', 'projects'], {
      cwd: root,
      environment,
    }),
  ).toMatchObject({ code: 0 });
  const lint = (source: string) =>
    runProgram(
      process.execPath,
      [
        'node_modules/eslint/bin/eslint.js',
        '--stdin',
        '--stdin-filename',
        'packages/orchestrator/src/service/forbidden.ts',
      ],
      { cwd: root, input: source, environment },
    );
  const refused = await lint("import { main } from '@provisioning/cli';\nexport default main;\n");
  expect(refused).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('@nx/enforce-module-boundaries'),
  });
  const allowed = await lint(
    "import { ProvisioningError } from '@provisioning/extensions-sdk';\nexport default ProvisioningError;\n",
  );
  expect(allowed).toMatchObject({ code: 0 });
}, 300_000);
