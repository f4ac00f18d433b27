import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startEngine } from '../testing/engine.fixture.ts';

test('finished workflows are deleted with journal and log when their time is over, active ones never', async () => {
  let release: () => void = () => undefined;
  const engine = await startEngine({
    says: async ({ report }) => report({ type: 'log', level: 'info', message: 'hello' }),
    waits: () => new Promise<void>((resolve) => (release = resolve)),
  });
  try {
    const { workflows, retention, logs } = engine.orchestrator;
    const make = (id: string) => ({ name: id, version: '1.0.0', operations: [{ id, type: 'test.run' }] });
    const done = await workflows.submit(make('says'));
    await engine.finished(done);
    const active = await workflows.submit(make('waits'));
    await logs.settled();
    expect(readdirSync(join(engine.folder, 'logs'))).toEqual([`${done}.log`]);
    const day = 24 * 60 * 60 * 1000;
    expect(await retention.sweep(Date.now() + 29 * day)).toBe(0);
    expect(await retention.sweep(Date.now() + 31 * day)).toBe(1);
    expect(existsSync(join(engine.folder, 'logs', `${done}.log`))).toBe(false);
    expect(
      (await workflows.list({}, { limit: 10, offset: 0, descending: true })).records.map(({ id }) => id),
    ).toEqual([active]);
    release();
    expect(await engine.finished(active)).toBe('Completed');
  } finally {
    await engine.end();
  }
});
