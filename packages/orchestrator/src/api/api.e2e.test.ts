import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@provisioning/client';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService((settings) => {
    settings.queue.max_concurrent_tasks = 100;
  });
});
afterAll(() => service.end());

/** A WebSocket that a proxy refuses. */
class NoSocket extends EventTarget {
  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event('close')));
  }
  close(): void {
    this.dispatchEvent(new Event('close'));
  }
}

async function finished(id: string): Promise<any> {
  for (;;) {
    const { body } = await service.call('GET', `/api/v1/workflows/${id}`);
    if (['Completed', 'Failed', 'Cancelled'].includes(body.data.status)) return body.data;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function submit(workflow: object, headers: Record<string, string> = {}) {
  return service.call('POST', '/api/v1/workflows/submit', workflow, headers);
}

/** Two operations, the first of which takes long enough for somebody to interfere, on slow machines too. */
function slowWorkflow(): object {
  const { operations, ...rest } = fileWorkflow({ a: [], b: ['a'] });
  return {
    ...rest,
    operations: operations.map((one) => (one.id === 'a' ? { ...one, input: { pace: 500 } } : one)),
  };
}

describe('system', () => {
  test('13.A1 health needs no token and is the same under every alias', async () => {
    for (const path of ['/health', '/v1/health', '/api/v1/health']) {
      const { status, body } = await service.call('GET', path);
      expect(status).toBe(200);
      expect(body).toMatchObject({ success: true, status: 'healthy', data: 'Orchestrator is healthy' });
    }
  });

  test('13.A2 in solo mode lists need no token', async () => {
    expect((await service.call('GET', '/api/v1/tasks')).status).toBe(200);
  });

  test('13.A8 unknown API levels are refused, known ones repeated', async () => {
    const unknown = await service.call('GET', '/api/v1/tasks', undefined, { 'api-version': 'v9' });
    expect(unknown.status).toBe(400);
    expect(unknown.body.error.message).toBe('Unsupported API version: v9');
    expect((await service.call('GET', '/api/v1/tasks')).headers.get('api-version')).toBe('v1');
    const accepted = await service.call('GET', '/api/v1/tasks', undefined, {
      accept: 'application/vnd.provisioning.v2+json',
    });
    expect(accepted.headers.get('api-version')).toBe('v2');
  });

  test('what pages of other sites send is refused, by their origin and by a name they gave this machine', async () => {
    const ask = async (headers: OutgoingHttpHeaders, method = 'GET') => {
      const asked = request(`${service.url}/api/v1/workflows`, { method, headers }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return {
        status: answer.statusCode,
        body: JSON.parse(await text(answer)) as { error?: { code: string } },
      };
    };
    expect(await ask({ origin: service.url })).toMatchObject({ status: 200 });
    for (const headers of [
      { origin: 'https://pages.example.org' },
      { origin: 'null' },
      { host: 'rebound.example.org:9090' },
      { host: 'rebound.example.org:9090', origin: 'http://rebound.example.org:9090' },
    ])
      for (const method of ['GET', 'POST'])
        expect(await ask(headers, method)).toMatchObject({
          status: 403,
          body: { error: { code: 'FORBIDDEN' } },
        });
  });

  test('unknown paths are 404, wrong methods 405 with Allow, each in the envelope', async () => {
    const unknown = await service.call('GET', '/api/v1/nope');
    expect(unknown.status).toBe(404);
    expect(unknown.body).toMatchObject({ success: false, error: { code: 'NOT_FOUND' } });
    const wrong = await service.call('DELETE', '/api/v1/tasks');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toContain('GET');
  });

  test('a given request id is repeated, a bad one replaced', async () => {
    const given = await service.call('GET', '/health', undefined, { 'x-request-id': 'abc-1' });
    expect(given.headers.get('x-request-id')).toBe('abc-1');
    const bad = await service.call('GET', '/health', undefined, { 'x-request-id': 'a b' });
    expect(bad.headers.get('x-request-id')).not.toBe('a b');
  });

  test('13.A21 the OpenAPI document lists every route', async () => {
    const { body } = await service.call('GET', '/api/v1/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    const ids = Object.values(body.paths).flatMap((path: any) =>
      Object.values(path).map((route: any) => route.operationId),
    );
    expect(ids).toEqual(expect.arrayContaining(['submitWorkflow', 'getTaskStatus', 'executeBatchOperation']));
    expect(new Set(ids).size).toBe(ids.length);
    expect(JSON.stringify(body)).not.toContain('"$id"');
  });
});

describe('workflows', () => {
  test('13.A3 a submission is accepted at once and its task can be read', async () => {
    const { status, body, headers } = await submit(fileWorkflow({ a: [], b: ['a'] }));
    expect(status).toBe(202);
    const { workflow_id: id } = body.data;
    expect(headers.get('location')).toBe(`/api/v1/tasks/${id}`);
    const workflow = await finished(id);
    expect(workflow).toMatchObject({ status: 'Completed', progress: 100, completed_steps: 2 });
    const task = await service.call('GET', `/api/v1/tasks/${workflow.operations[1].task_id}`);
    expect(task.body.data).toMatchObject({ parent_id: id, status: 'Completed', type: 'file.create' });
    expect((await service.call('GET', `/api/v1/tasks?parent=${id}`)).body.data).toHaveLength(2);
  });

  test('12.A2 13.A5 a cycle is refused with its members, nothing is queued', async () => {
    const before = (await service.call('GET', '/workflows')).headers.get('x-total-count');
    const { status, body } = await service.call(
      'POST',
      '/api/v1/batch/execute',
      fileWorkflow({ a: ['b'], b: ['a'] }),
    );
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ code: 'CYCLIC_DEPENDENCY', message: 'CyclicDependency: a → b → a' });
    const wrong = await service.call('POST', '/api/v1/batch/execute', { operations: 'x' });
    expect(wrong.status).toBe(422);
    expect(wrong.body.error.details[0].path).toBe('/operations');
    const broken = await service.call('POST', '/api/v1/batch/execute', '{"operations":');
    expect(broken.status).toBe(400);
    expect((await service.call('GET', '/workflows')).headers.get('x-total-count')).toBe(before);
  });

  test('13.A4 flat and nested operation bodies give equal workflows', async () => {
    const flat = { operations: [{ id: 'a', type: 'file_create', plan: 'small', zone: 'x' }] };
    const nested = { operations: [{ id: 'a', type: 'file.create', config: { plan: 'small', zone: 'x' } }] };
    const states = await Promise.all(
      [flat, nested].map(async (body) => {
        const { body: answer } = await service.call('POST', '/api/v1/batch/execute', body);
        const { state } = await service.orchestrator.workflows.live(answer.data.batch_id);
        return { ...state.plan, id: '' };
      }),
    );
    expect(states[0]).toEqual(states[1]);
  });

  test('12.A12 the same idempotency key gives the same workflow; another body is refused', async () => {
    const key = { 'idempotency-key': 'key-1' };
    const first = await submit(fileWorkflow({ a: [] }), key);
    const second = await submit(fileWorkflow({ a: [] }), key);
    expect(second.body.data.workflow_id).toBe(first.body.data.workflow_id);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await submit(fileWorkflow({ b: [] }), key);
    expect(other.status).toBe(422);
    expect(other.body.error.code).toBe('IDEMPOTENCY_MISMATCH');
  });

  test('a workflow file can be the body as it is, where workflows are taken', async () => {
    const toml = 'name = "file"\nversion = "1.0.0"\n[[operations]]\nid = "a"\ntype = "file.create"\n';
    const yaml = 'name: file\nversion: 1.0.0\noperations:\n  - id: a\n    type: file.create\n';
    for (const [type, text] of [
      ['application/toml', toml],
      ['application/yaml', yaml],
    ] as const) {
      for (const path of ['/api/v1/workflows', '/workflows/submit', '/v1/batch/execute']) {
        expect((await service.call('POST', path, text, { 'content-type': type })).status).toBe(202);
      }
      const broken = await service.call('POST', '/api/v1/workflows/validate', 'a: [', {
        'content-type': type,
      });
      expect([broken.status, broken.body.error.code]).toEqual([400, 'BAD_REQUEST']);
      const elsewhere = await service.call('POST', '/api/v1/events', text, { 'content-type': type });
      expect(elsewhere.status).toBe(415);
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const refused = await service.call('POST', '/api/v1/workflows/submit', toml, { 'content-type': type });
      expect([type, refused.status, refused.body.error]).toMatchObject([
        type,
        415,
        { code: 'UNSUPPORTED_MEDIA_TYPE' },
      ]);
    }
  });

  test('12.A3 strict validation turns warnings into errors', async () => {
    const workflow = fileWorkflow({ create_servers: [] });
    const lax = await service.call('POST', '/api/v1/workflows/validate', workflow);
    expect(lax.body.data).toMatchObject({ valid: true });
    expect(lax.body.data.warnings).toEqual([
      "Operation 'create_servers': Missing retry_policy",
      "Operation 'create_servers': Resource limits not specified",
    ]);
    const strict = await service.call('POST', '/api/v1/workflows/validate?strict=true', workflow);
    expect(strict.body.data.valid).toBe(false);
  });

  test('check mode plans and changes nothing', async () => {
    const { body } = await service.call(
      'POST',
      '/api/v1/workflows/submit?check=true',
      fileWorkflow({ checked: [] }),
    );
    const workflow = await finished(body.data.workflow_id);
    expect(workflow.operations[0].results).toEqual([{ action: 'create', kind: 'server', name: 'checked' }]);
  });

  test('13.A6 lists are paged with links', async () => {
    for (let index = 0; index < 6; index++) await submit(fileWorkflow({ a: [] }, { infra: 'paging' }));
    const page = await service.call('GET', '/api/v1/tasks?limit=2&offset=2&infra=paging');
    expect(page.body.data).toHaveLength(2);
    expect(page.headers.get('x-total-count')).toBe('6');
    expect(page.headers.get('link')).toContain('</api/v1/tasks?infra=paging&offset=4&limit=2>; rel="next"');
    const last = await service.call('GET', '/api/v1/tasks?limit=2&offset=4&infra=paging');
    expect(last.headers.get('link')).not.toContain('rel="next"');
    expect((await service.call('GET', '/api/v1/tasks?limit=5000')).headers.get('x-limit')).toBe('1000');
    for (const bad of [
      'limit=abc',
      'limit=0',
      'limit=-1',
      'offset=-1',
      'status=odd',
      'sort=name',
      'label=k',
    ]) {
      expect((await service.call('GET', `/api/v1/tasks?${bad}`)).status).toBe(400);
    }
  });

  test('cancel, resume, and conflicts of state', async () => {
    const { body } = await submit(slowWorkflow());
    const id = body.data.workflow_id;
    expect((await service.call('POST', `/api/v1/workflows/${id}/cancel`, { reason: 'no' })).status).toBe(202);
    const cancelled = await finished(id);
    expect(cancelled.status).toBe('Cancelled');
    const again = await service.call('POST', `/api/v1/tasks/${id}/cancel`);
    expect(again.status).toBe(409);
    expect(again.body.error.message).toBe('Task already Cancelled');
    expect((await service.call('POST', `/api/v1/workflows/${id}/resume`)).status).toBe(202);
    expect((await finished(id)).status).toBe('Completed');
    expect((await service.call('POST', `/api/v1/workflows/${id}/resume`)).status).toBe(409);
  });

  test('pause holds new operations until unpause', async () => {
    const id = (await submit(slowWorkflow())).body.data.workflow_id;
    await service.call('POST', `/api/v1/workflows/${id}/pause`);
    const shown = async () => (await service.call('GET', `/api/v1/workflows/${id}`)).body.data;
    while ((await shown()).operations[0].status !== 'Completed')
      await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await shown()).toMatchObject({ phase: 'paused', operations: [{}, { status: 'Pending' }] });
    await service.call('POST', `/api/v1/workflows/${id}/unpause`);
    expect((await finished(id)).status).toBe('Completed');
  });

  test('an operation is found by the id of its task; to cancel it cancels its workflow', async () => {
    const id = (await submit(slowWorkflow())).body.data.workflow_id;
    await service.call('POST', `/api/v1/workflows/${id}/pause`);
    const [, second] = (await service.call('GET', `/api/v1/workflows/${id}/operations`)).body.data;
    const path = `/api/v1/operations/${second.task_id}`;
    const found = await service.call('GET', path);
    expect(found.body.data).toMatchObject({ id: 'b', workflow_id: id, task_id: second.task_id });
    expect((await service.call('POST', `${path}/cancel`)).body.data).toBe('Operation cancelled');
    expect((await finished(id)).status).toBe('Cancelled');
    expect((await service.call('POST', `${path}/cancel`)).status).toBe(409);
    expect((await service.call('GET', `/api/v1/operations/${id}`)).status).toBe(404);
  });

  test('unknown ids are 404 with the text of the specification', async () => {
    const id = '01a20720-c030-7fa7-96e5-eb1e90e00000';
    const workflow = await service.call('GET', `/api/v1/workflows/${id}`);
    expect(workflow.status).toBe(404);
    expect(workflow.body.error.message).toBe(`Workflow not found: ${id}`);
    const task = await service.call('GET', `/api/v1/tasks/${id}`);
    expect(task.body.error.message).toBe(`Task not found: ${id}`);
  });

  test('snapshots, checkpoints, statistics and metrics tell the same story', async () => {
    const id = (await submit(fileWorkflow({ a: [], b: ['a'] }))).body.data.workflow_id;
    await finished(id);
    const snapshots = (await service.call('GET', `/api/v1/state/workflows/${id}/snapshots`)).body.data;
    expect(snapshots[0].state).toBe('pending');
    expect(snapshots.at(-1).state).toBe('completed');
    const checkpoints = (await service.call('GET', `/api/v1/workflows/${id}/checkpoints`)).body.data;
    expect(checkpoints.at(-1).completed_operations).toEqual(['a', 'b']);
    expect(
      (await service.call('GET', '/api/v1/workflows/stats')).body.data.by_status.Completed,
    ).toBeGreaterThan(0);
    const metrics = (await service.call('GET', '/metrics')).body as string;
    expect(metrics).toMatch(/^orchestrator_tasks_total\{status="completed",type="file\.create"\} \d+$/m);
    expect(metrics).toMatch(/^# TYPE orchestrator_task_duration_seconds histogram$/m);
  });

  test('finished records can be deleted, active ones not', async () => {
    const id = (await submit(fileWorkflow({ a: [] }))).body.data.workflow_id;
    await finished(id);
    expect((await service.call('DELETE', `/api/v1/workflows/${id}`)).status).toBe(204);
    expect((await service.call('GET', `/api/v1/workflows/${id}`)).status).toBe(404);
  });
});

describe('rollback', () => {
  test('12.A9 a batch is undone in reverse order', async () => {
    const { body } = await service.call(
      'POST',
      '/api/v1/batch/execute',
      fileWorkflow({ r1: [], r2: ['r1'], r3: ['r2'] }),
    );
    const id = body.data.batch_id;
    await finished(id);
    const { status, body: started } = await service.call(
      'POST',
      `/api/v1/batch/operations/${id}/rollback`,
      {},
    );
    expect(status).toBe(202);
    const result = await service.orchestrator.rollbacks.wait(started.data.rollback_id, 5000);
    expect(result).toMatchObject({ success: true, operations_executed: 3, operations_failed: 0 });
    const { effects } = await import('../testing/file-provider.ts');
    const deleted = effects(service.effects).filter(
      (line) => line.startsWith('delete ') && line.includes(id),
    );
    expect(deleted.map((line) => line.split('/')[1])).toEqual(['r3', 'r2', 'r1']);
    expect((await service.call('GET', `/api/v1/workflows/${id}`)).body.data.phase).toBe('rolled_back');
  });

  test('12.A10 completed dependents must be selected too', async () => {
    const id = (await submit(fileWorkflow({ 'op-1': [], 'op-2': ['op-1'] }))).body.data.workflow_id;
    await finished(id);
    const refused = await service.call('POST', '/api/v1/rollback/execute', { operation_ids: ['op-1'] });
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toBe("Operation 'op-1' has completed dependents not selected: op-2");
    const done = await service.call('POST', '/api/v1/rollback/execute', {
      operation_ids: ['op-1'],
      include_dependents: true,
    });
    expect(done.status).toBe(200);
    expect(done.body.data).toMatchObject({ success: true, operations_executed: 2 });
  });

  test('13.A11 no selector and two selectors are refused', async () => {
    expect((await service.call('POST', '/api/v1/rollback/execute', {})).status).toBe(422);
    const both = { checkpoint_id: 'x', operation_ids: ['a'] };
    expect((await service.call('POST', '/api/v1/rollback/execute', both)).status).toBe(422);
  });

  test('everything after a named checkpoint is undone, what was before stays', async () => {
    const before = (await submit(fileWorkflow({ early: [] }))).body.data.workflow_id;
    await finished(before);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { status, body } = await service.call('POST', '/api/v1/rollback/checkpoints', { name: 'here' });
    expect(status).toBe(201);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const after = (await submit(fileWorkflow({ late: [] }))).body.data.workflow_id;
    await finished(after);
    const result = await service.call('POST', '/api/v1/rollback/execute', { checkpoint_id: body.data });
    expect(result.body.data.success).toBe(true);
    expect((await service.call('GET', `/api/v1/workflows/${after}`)).body.data.phase).toBe('rolled_back');
    expect((await service.call('GET', `/api/v1/workflows/${before}`)).body.data.phase).toBe('done');
    expect((await service.call('DELETE', `/api/v1/rollback/checkpoints/${body.data}`)).status).toBe(204);
  });
});

describe('typed client', () => {
  test('submits, follows to the end and reads the record', async () => {
    const client = createClient({ endpoint: service.url });
    const { workflow_id: id } = await client.submit(fileWorkflow({ a: [], b: ['a'], c: ['b'] }));
    const events = [];
    for await (const event of client.follow(id)) events.push(event);
    expect(events.at(-1)?.event_type).toBe('WorkflowCompleted');
    const ids = events.flatMap((event) => (event.id === undefined ? [] : [event.id]));
    expect(new Set(ids).size).toBe(ids.length);
    const completed = events.filter(
      (event) =>
        event.event_type === 'TaskStatusChanged' &&
        (event.data as any).status === 'Completed' &&
        (event.data as any).operation_id,
    );
    expect(completed.map((event) => (event.data as any).operation_id)).toEqual(['a', 'b', 'c']);
    // Where no WebSocket gets through, polling tells the same events.
    const polled = [];
    for await (const event of client.follow(id, { WebSocket: NoSocket as never })) polled.push(event);
    expect(polled.flatMap((event) => event.id ?? [])).toEqual(ids);
    expect((await client.get(id)).status).toBe('Completed');
    expect((await client.list({ status: 'completed', limit: 1 })).total).toBeGreaterThan(0);
    expect((await client.health()).status).toBe('healthy');
    await expect(client.get('nope')).rejects.toMatchObject({ name: 'NotFoundError', code: 'NOT_FOUND' });
  });
});
