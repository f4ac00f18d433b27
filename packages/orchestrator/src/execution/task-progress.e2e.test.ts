import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { taskId } from '../engine/identifiers.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { CommandExecutor } from './command-executor.ts';
import { TaskTokens } from './task-tokens.ts';

const tokens = new TaskTokens();
let service: TestService;

beforeAll(async () => {
  service = await startTestService(undefined, {
    tokens,
    executor: new CommandExecutor({
      allowed: true,
      grace: 500,
      endpoint: () => service.url,
      environment: process.env,
      tokens,
    }),
  });
});
afterAll(() => service.end());

/** What the process of a task does: it tells of itself, tries to tell of another, and looks. */
const script = `
const { PROVISIONING_TASK_ID: task, PROVISIONING_WORKFLOW_ID: workflow, PROVISIONING_TASK_TOKEN: token, ORCHESTRATOR_ENDPOINT: url } = process.env;
const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + token };
const body = JSON.stringify({ progress: 40, status: 'in_progress', message: 'half way' });
const tell = async (id) => (await fetch(url + '/api/v1/tasks/' + id + '/progress', { method: 'POST', headers, body })).status;
const [own, other] = [await tell(task), await tell(workflow)];
const shown = (await (await fetch(url + '/api/v1/tasks/' + task)).json()).data.progress;
console.log(JSON.stringify({ own, other, shown }));
`;

test('the process of a task tells of its progress with a token that is good for this task only', async () => {
  const { body } = await service.call('POST', '/api/v1/workflows/submit', {
    name: 'progress',
    version: '1.0.0',
    operations: [
      {
        id: 'tell',
        type: 'command',
        config: { command: process.execPath, args: ['--input-type=module', '-e', script] },
      },
    ],
  });
  const id = body.data.workflow_id as string;
  await service.orchestrator.workflows.ended(id);
  const { operations, error } = await service.orchestrator.workflows.get(id);
  expect(error).toBeUndefined();
  expect(operations?.[0]?.results).toEqual({ own: 204, other: 403, shown: 40 });
  const task = taskId(id, 0);
  const late = (token: string) =>
    service.call(
      'POST',
      `/api/v1/tasks/${task}/progress`,
      { progress: 50 },
      { authorization: `Bearer ${token}` },
    );
  expect((await late(tokens.issue(task))).status).toBe(409);
  expect((await late('invented')).status).toBe(403);
}, 60_000);
