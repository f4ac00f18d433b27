import { describe, expect, test } from '@jest/globals';
import type { EventEnvelope, WorkflowRecord } from '@provisioning/client';
import { createStyle } from '../output/style.ts';
import { width } from '../output/width.ts';
import { changeLine } from './lines.ts';
import { elapsed, renderFrame } from './render.ts';
import { applyEvent, viewOf } from './view.ts';

const begun = Date.parse('2026-01-01T00:00:00Z');

function record(count: number): WorkflowRecord {
  const operations = Array.from({ length: count }, (_, index) => ({
    id: `op-${index}`,
    task_id: `t-${index}`,
    workflow_id: 'w',
    name: `server-${index}`,
    type: 'server.create',
    dependencies: index === 0 ? [] : [{ id: `op-${index - 1}`, kind: 'hard' }],
    resources: [],
    status: 'Pending' as const,
    phase: 'queued' as const,
    progress: 0,
    attempt: 1,
    max_attempts: 3,
  }));
  return {
    id: 'w',
    name: 'deploy demo',
    status: 'Running',
    phase: 'running',
    progress: 0,
    estimated_time_remaining: null,
    created_at: new Date(begun).toISOString(),
    started_at: new Date(begun).toISOString(),
    operations,
  } as unknown as WorkflowRecord;
}

function event(type: string, data: unknown, seconds = 0): EventEnvelope {
  const timestamp = new Date(begun + seconds * 1000).toISOString();
  return { event_type: type, timestamp, metadata: {}, data };
}

function status(id: string, to: string, more: object = {}, seconds = 0): EventEnvelope {
  return event(
    'TaskStatusChanged',
    {
      task_id: id,
      workflow_id: 'w',
      operation_id: id,
      name: id,
      status: to,
      phase: to === 'Running' ? 'running' : 'done',
      previous_status: 'Pending',
      progress: 0,
      ...more,
    },
    seconds,
  );
}

const frame = (columns: number, rows = 40, colour = false) => ({
  style: createStyle(colour),
  columns,
  rows,
  now: begun + 12_000,
  verbose: true,
});

describe('the live tree', () => {
  test('follows operations through their states', () => {
    const view = viewOf(record(3));
    applyEvent(view, status('op-0', 'Running', {}, 1));
    applyEvent(
      view,
      event('WorkflowProgressUpdate', {
        workflow_id: 'w',
        name: 'deploy demo',
        progress: 10,
        total_steps: 3,
        completed_steps: 0,
        estimated_time_remaining: 30,
        step_details: {
          operation_id: 'op-0',
          step_name: 'create',
          step_progress: 10,
          step_message: 'waiting for SSH',
        },
      }),
    );
    expect(renderFrame(view, frame(80))).toEqual(
      [
        '>> deploy demo 0/3 12s, about 30s left',
        '  >> server-0       11s  create: waiting for SSH',
        '  ..   server-1  ',
        '  ..     server-2',
      ].map((line, index) => (index < 2 ? line : expect.stringContaining(line.trimEnd()))),
    );
    applyEvent(view, status('op-0', 'Completed', {}, 6));
    applyEvent(view, status('op-1', 'Failed', { error: 'disk full\nmore' }, 8));
    applyEvent(
      view,
      event(
        'WorkflowFailed',
        { workflow_id: 'w', name: 'deploy demo', status: 'Failed', error: 'disk full' },
        9,
      ),
    );
    const lines = renderFrame(view, frame(80));
    expect(lines[0]).toContain('!! deploy demo 1/3');
    expect(lines[2]).toContain('disk full');
    expect(view.status).toBe('Failed');
  });

  test('no line is wider than the terminal and no frame higher', () => {
    for (const columns of [40, 60, 200]) {
      const view = viewOf(record(100));
      applyEvent(view, status('op-50', 'Running', { reason: 'x'.repeat(300) }));
      applyEvent(view, status('op-70', 'Failed', { error: 'y'.repeat(300) }));
      view.log.push('z'.repeat(500));
      for (const colour of [false, true]) {
        const lines = renderFrame(view, frame(columns, 20, colour));
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
        expect(lines.length).toBeLessThanOrEqual(20);
        const text = lines.join('\n');
        expect(text).toContain('server-50');
        expect(text).toContain('server-70');
      }
    }
  });

  test('one line a change for pipes', () => {
    const view = viewOf(record(1));
    const running = applyEvent(view, status('op-0', 'Running', {}, 1));
    expect(running).toMatchObject({ kind: 'operation', from: 'Pending' });
    const change = applyEvent(view, status('op-0', 'Completed', {}, 4));
    if (change?.kind !== 'operation') throw new Error('no change');
    expect(changeLine(change.operation, change.from, 4000)).toBe(
      '[4.0s] server-0 Running -> Completed (3.0s)',
    );
    expect(applyEvent(view, status('op-0', 'Completed', {}, 4))).toBeUndefined();
  });

  test('an unknown event changes nothing', () => {
    const view = viewOf(record(1));
    expect(applyEvent(view, event('SomethingNew', {}))).toBeUndefined();
  });

  test.each([
    [400, '0.4s'],
    [12_000, '12s'],
    [185_000, '3m05s'],
    [3_720_000, '1h02m'],
  ])('%d ms reads %s', (milliseconds, text) => {
    expect(elapsed(milliseconds)).toBe(text);
  });
});
