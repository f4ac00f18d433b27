import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { catalogue, run } from '../../test/run.ts';
import { checkCommandLine } from '../check-line.ts';
import { recipeLine } from './line.ts';
import { recipes } from './table.ts';

const home = mkdtempSync(join(tmpdir(), 'provisioning-recipe-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const environment = {
  HOME: home,
  PATH: '',
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  ORCHESTRATOR_SERVER_PORT: '9',
};

test('24.A14 the list has every recipe of the orchestrator, and the just files have the same names', async () => {
  const listed = JSON.parse((await run(['recipe', 'list', '--out', 'json'])).stdout) as { name: string }[];
  const names = listed.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(56);
  const file = join(import.meta.dirname, '../../../../just/orchestrator.just');
  const inFile = [...readFileSync(file, 'utf8').matchAll(/^([a-z][\w-]*)[^:\n]*:$/gm)].map(
    ([, name]) => name,
  );
  expect(inFile).toEqual(names);
});

test('every recipe is a command line that exists', async () => {
  const table = await catalogue();
  for (const recipe of await recipes(table)) {
    const line = recipeLine(
      recipe,
      recipe.parameters.map(() => '1'),
    );
    const problem = await checkCommandLine(table, line);
    expect([line, problem === undefined || problem === 'an argument is missing']).toEqual([line, true]);
  }
});

test('24.A15 a recipe that takes something away asks; n cancels with 1, YES=1 goes on', async () => {
  const words = ['recipe', 'workflow-cleanup-old', '30'];
  const before = readdirSync(home, { recursive: true });
  const no = await run(words, { environment, tty: true, stdin: 'n\n', cwd: home });
  expect(no.code).toBe(1);
  expect(`${no.stdout}${no.stderr}`).toContain('Continue? (y/N)');
  expect(no.stderr).toContain('Cancelled');
  expect(readdirSync(home, { recursive: true })).toEqual(before);
  expect((await run(words, { environment, cwd: home })).code).toBe(2);
  // With YES=1 the command itself runs: there is no orchestrator to ask here.
  const yes = await run(words, { environment: { ...environment, YES: '1' }, cwd: home });
  expect(yes.stderr).not.toContain('Confirmation required');
  expect(yes.stderr).toContain('Orchestrator not available');
  expect(yes.code).toBe(1);
});

test('24.A16 --print shows the command and does nothing; what is missing is named', async () => {
  const printed = await run(['recipe', 'run', 'orch-task-cancel', 'w-1', '--print'], { environment });
  expect(printed).toEqual({ code: 0, stdout: 'provisioning orchestrator task cancel w-1\n', stderr: '' });
  const missing = await run(['recipe', 'orch-task-cancel'], { environment });
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('Usage: provisioning recipe orch-task-cancel <id>');
  const unknown = await run(['recipe', 'orch-statis'], { environment });
  expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('recipe orch-status?') });
});
