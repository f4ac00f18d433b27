import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Journal } from '../journal/journal.ts';
import type { RecordWrite } from '../journal/store.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';
import { Schedules } from './schedules.ts';

const workflow = fileWorkflow({ a: [] });

describe('times', () => {
  let folder: string;
  let store: SqliteStore;
  let journal: Journal;
  let now: number;
  let refuse: Error | undefined;
  const submitted: string[] = [];
  const active = new Set<string>();
  const at = (time: string) => (now = Date.parse(`2026-03-10T${time}Z`));

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-schedules-'));
    submitted.length = 0;
    active.clear();
    refuse = undefined;
    store = new SqliteStore(join(folder, 'orchestrator.db'));
    await store.open();
    journal = new Journal(store);
    await journal.open();
    at('00:00:00');
  });
  afterEach(async () => {
    await journal.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Schedules> {
    const schedules = new Schedules({
      store,
      journal: () => journal,
      async submit(_definition, { idempotencyKey }, records: (id: string) => readonly RecordWrite[]) {
        if (refuse) throw refuse;
        const id = `workflow-${submitted.push(idempotencyKey!)}`;
        for (const record of records(id)) journal.record(record);
        await journal.flush();
        return id;
      },
      isActive: (id) => active.has(id),
      onWarning: () => undefined,
      now: () => now,
      interval: 3_600_000,
    });
    await schedules.start();
    return schedules;
  }

  test('a run comes at its time, in its time zone, and is known to the next process', async () => {
    const schedules = await open();
    const made = await schedules.put(
      'night',
      { cron: '30 3 * * *', timezone: 'Europe/Berlin', workflow },
      'ann',
    );
    expect(made.next_run).toBe('2026-03-10T02:30:00.000Z');
    at('02:29:59');
    await schedules.look();
    expect(submitted).toEqual([]);
    at('02:30:00');
    await schedules.look();
    await schedules.look();
    expect(submitted).toEqual(['schedule/night/2026-03-10T02:30:00.000Z']);
    await schedules.stop();
    const again = await open();
    expect(submitted).toHaveLength(1);
    expect(again.get('night')).toMatchObject({
      runs: 1,
      created_by: 'ann',
      last_workflow_id: 'workflow-1',
      next_run: '2026-03-11T02:30:00.000Z',
    });
    await again.stop();
  });

  test('times that were missed are made up for once, also after the clock has jumped', async () => {
    const schedules = await open();
    await schedules.put('often', { cron: '*/10 * * * *', workflow }, 'ann');
    await schedules.stop();
    at('01:05:00');
    const again = await open();
    expect(submitted).toEqual(['schedule/often/2026-03-10T00:10:00.000Z']);
    expect(again.get('often').next_run).toBe('2026-03-10T01:10:00.000Z');
    at('00:05:00');
    await again.look();
    expect(submitted).toHaveLength(1);
    await again.stop();
  });

  test('a run is left out while the one before has not ended, unless overlap is allowed', async () => {
    const schedules = await open();
    await schedules.put('one', { cron: '0 * * * *', workflow }, 'ann');
    await schedules.put('both', { cron: '0 * * * *', overlap: 'allow', workflow }, 'ann');
    at('01:00:00');
    await schedules.look();
    for (const { last_workflow_id: id } of schedules.list()) active.add(id!);
    at('02:00:00');
    await schedules.look();
    expect(schedules.get('one')).toMatchObject({ runs: 1, skipped: 1 });
    expect(schedules.get('both')).toMatchObject({ runs: 2, skipped: 0 });
    await schedules.stop();
  });

  test('a run that is refused is tried again and says why; a pause misses its times', async () => {
    const schedules = await open();
    await schedules.put('one', { cron: '0 * * * *', workflow }, 'ann');
    refuse = new Error('The queue holds 10000 workflows');
    at('01:00:00');
    await schedules.look();
    expect(schedules.get('one').error).toBe('The queue holds 10000 workflows');
    refuse = undefined;
    at('01:00:01');
    await schedules.look();
    expect(submitted).toEqual([]);
    at('01:00:05');
    await schedules.look();
    expect(submitted).toEqual(['schedule/one/2026-03-10T01:00:00.000Z']);
    await schedules.pause('one', true);
    at('05:30:00');
    await schedules.look();
    expect((await schedules.pause('one', false)).next_run).toBe('2026-03-10T06:00:00.000Z');
    expect(submitted).toHaveLength(1);
    await schedules.stop();
  });
});

test('a schedule over the API: it runs, rests, survives a restart, and goes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-schedules-'));
  let service: TestService = await startTestService(undefined, { folder });
  try {
    const put = (body: object) => service.call('PUT', '/api/v1/schedules/ticks', body);
    expect(await put({ cron: 'no such time', workflow })).toMatchObject({
      status: 422,
      body: { error: { code: 'SCHEDULE_INVALID' } },
    });
    expect(await put({ cron: '* * * * *', workflow: { name: 'x' } })).toMatchObject({ status: 422 });
    expect(await put({ cron: '* * * * * *', workflow })).toMatchObject({ status: 200 });
    const shown = async () => (await service.call('GET', '/api/v1/schedules/ticks')).body.data;
    while ((await shown()).runs < 2) await sleep(50);
    await service.call('POST', '/api/v1/schedules/ticks/pause');
    const { runs, last_workflow_id: last } = await shown();
    await service.orchestrator.workflows.ended(last);
    expect((await service.call('GET', '/api/v1/workflows')).body.data).toHaveLength(runs);
    await service.stop();
    service = await startTestService(undefined, { folder });
    expect(await shown()).toMatchObject({ runs, paused: true, last_workflow_id: last });
    expect(await service.call('DELETE', '/api/v1/schedules/ticks')).toMatchObject({ status: 204 });
    expect((await service.call('GET', '/api/v1/schedules')).body.data).toEqual([]);
    expect(await service.call('GET', '/api/v1/schedules/ticks')).toMatchObject({ status: 404 });
  } finally {
    await service.end();
  }
}, 60_000);
