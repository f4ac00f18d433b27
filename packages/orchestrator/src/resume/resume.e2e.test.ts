import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowDefinition } from '@provisioning/client';
import type { Execution, Executor } from '../execution/executor.ts';
import { startEngine, type TestEngine } from '../testing/engine.fixture.ts';

let engine: TestEngine;
afterEach(() => engine.end());

/** Makes what its input says, unless that is `bad`; `made` is what there is. */
class Maker implements Executor {
  readonly made = new Map<string, string>();
  readonly ran: string[] = [];
  /** Operations that cannot be asked about what they made. */
  readonly silent = new Set<string>();

  supports = () => true;
  canUndo = () => false;
  validate = () => [];
  undo = async () => undefined;

  async plan({ operation: { id } }: Execution) {
    if (this.silent.has(id)) throw new Error('no answer');
    return this.made.has(id) ? [] : [{ action: 'create' as const, kind: 'server' as const, name: id }];
  }

  async run({ operation: { id, input }, step }: Execution) {
    const { value } = input as { value: string };
    this.ran.push(`${id}=${value}`);
    await step('prepare', async () => this.ran.push(`prepare ${id}=${value}`));
    if (value === 'bad') throw new Error('refused');
    this.made.set(id, value);
  }
}

const operation = (id: string, value: string, ...dependencies: string[]) => ({
  id,
  type: 'thing.make',
  input: { value },
  dependencies,
  resources: [`server/${id}`],
  retry_policy: { max_attempts: 1 },
});
const workflow = (...operations: WorkflowDefinition['operations']): WorkflowDefinition => ({
  name: 'things',
  version: '1.0.0',
  operations,
});
const first = workflow(operation('a', '1'), operation('b', 'bad', 'a'), operation('c', '3', 'b'));

async function failed(): Promise<{ maker: Maker; id: string }> {
  const maker = new Maker();
  engine = await startEngine({}, { executor: maker });
  const id = await engine.orchestrator.workflows.submit(first);
  expect(await engine.finished(id)).toBe('Failed');
  maker.ran.length = 0;
  return { maker, id };
}

const statuses = async (id: string) =>
  (await engine.orchestrator.workflows.operations(id)).map((own) => `${own.id} ${own.status} ${own.phase}`);

test('a failed workflow goes on with another definition; what is gone from it stays undone', async () => {
  const { maker, id } = await failed();
  const { workflows } = engine.orchestrator;
  // The order of the file does not matter; `b` is another one, `c` is gone, `d` is new.
  await workflows.resume(
    id,
    workflow(operation('d', '4', 'b'), operation('b', '2', 'a'), operation('a', '1')),
  );
  expect(await engine.finished(id)).toBe('Completed');
  expect(maker.ran).toEqual(['b=2', 'prepare b=2', 'd=4', 'prepare d=4']);
  const expected = ['a Completed done', 'b Completed done', 'c Cancelled skipped', 'd Completed done'];
  expect(await statuses(id)).toEqual(expected);
  // A reader that knows only the journal sees the same.
  workflows.forget();
  expect(await statuses(id)).toEqual(expected);
  expect((await workflows.get(id)).status).toBe('Completed');
});

test('what has completed must be the same: otherwise nothing happens', async () => {
  const { maker, id } = await failed();
  const { workflows } = engine.orchestrator;
  const resume = (next: WorkflowDefinition) => workflows.resume(id, next);
  const message = 'Workflow definition changed: a';
  await expect(resume(workflow(operation('a', '9'), operation('b', '2', 'a')))).rejects.toMatchObject({
    code: 'CONFLICT',
    message,
  });
  await expect(resume(workflow(operation('b', '2')))).rejects.toMatchObject({ message });
  await expect(resume({ ...first, infra: 'elsewhere' })).rejects.toMatchObject({ message });
  expect((await workflows.get(id)).status).toBe('Failed');
  expect(maker.ran).toEqual([]);
  // A dependency may stand with the operation or in the table of all.
  await resume({ ...workflow(operation('a', '1'), operation('b', '2')), dependencies: { b: ['a'] } });
  expect(await engine.finished(id)).toBe('Completed');
});

test('a resource that is gone is made again, with a warning; one that cannot be asked for only warns', async () => {
  const maker = new Maker();
  engine = await startEngine({}, { executor: maker });
  const { workflows } = engine.orchestrator;
  const id = await workflows.submit(
    workflow(
      operation('a', '1'),
      operation('on-a', '1', 'a'),
      operation('far', '1'),
      operation('last', 'bad', 'on-a', 'far'),
    ),
  );
  expect(await engine.finished(id)).toBe('Failed');
  maker.ran.length = 0;
  maker.made.delete('a');
  maker.silent.add('on-a').add('far');
  expect(await workflows.resume(id)).toEqual([
    "Operation 'a': what it made is not there any more; it runs again",
    "Operation 'on-a': what it made is not there any more; it runs again",
    "Operation 'far': cannot be checked: no answer",
  ]);
  expect(await engine.finished(id)).toBe('Failed');
  // Steps of what was made and is gone run again; those of an attempt that failed do not.
  expect(maker.ran).toEqual(['a=1', 'prepare a=1', 'on-a=1', 'prepare on-a=1', 'last=bad']);
  expect(await workflows.readLogs(id, {})).toContain("WARN  - Operation 'a': what it made is not there");
});

test('an output larger than an event goes to the log; a step must not be', async () => {
  const text = 'ä'.repeat(600_000);
  engine = await startEngine({
    large: async () => ({ text }),
    step: async ({ step }) => step('read', async () => text),
  });
  const { workflows } = engine.orchestrator;
  const id = await workflows.submit(workflow({ id: 'large', type: 'x.y' }, { id: 'step', type: 'x.y' }));
  expect(await engine.finished(id)).toBe('Failed');
  const [large, step] = await workflows.operations(id);
  expect(large).toMatchObject({ status: 'Completed', results: { output_truncated: true, bytes: 1_200_011 } });
  expect(JSON.stringify(large!.results).length).toBeLessThan(70_000);
  expect(step).toMatchObject({ status: 'Failed', attempt: 1, error_detail: { code: 'STEP_TOO_LARGE' } });
  const lines = await workflows.readLogs(id, { operation: 'large' });
  expect(Buffer.byteLength(lines)).toBeGreaterThan(900_000);
});
