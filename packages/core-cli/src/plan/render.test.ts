import { describe, expect, test } from '@jest/globals';
import type { Change } from '@provisioning/extensions-sdk';
import { createStyle } from '../output/style.ts';
import { renderChanges, summaryLine } from './render.ts';

const changes: Change[] = [
  { action: 'create', kind: 'server', name: 'db-01' },
  {
    action: 'update',
    kind: 'server',
    name: 'web-01',
    attributes: [{ attribute: 'memory', before: 512, after: 1024 }],
  },
  {
    action: 'update',
    kind: 'taskserv',
    name: 'web-01/redis',
    reasons: ['service redis-server is not running'],
    drift: true,
  },
  { action: 'delete', kind: 'server', name: 'old-01', reasons: ['no longer defined'] },
  { action: 'unchanged', kind: 'server', name: 'cache-01' },
];

describe('a plan', () => {
  test('shows each change with its attributes and reasons', () => {
    expect(renderChanges(changes, createStyle(false), { unchanged: false })).toEqual([
      '  + server db-01           create',
      '  ~ server web-01          change',
      '      memory  512 -> 1024',
      '  ~ taskserv web-01/redis  change (drift)',
      '      service redis-server is not running',
      '  - server old-01          delete',
      '      no longer defined',
    ]);
  });

  test('lists what stays when asked', () => {
    expect(renderChanges(changes, createStyle(false), { unchanged: true }).at(-1)).toBe(
      '    server cache-01        unchanged',
    );
  });

  test('is coloured where that can be shown', () => {
    const [create = ''] = renderChanges(changes, createStyle(true), { unchanged: false });
    expect(create).toContain('\u001b[32m+');
  });

  test('ends with what there is to do', () => {
    const style = createStyle(false);
    expect(summaryLine(changes, style)).toBe('Plan: 1 to create, 2 to change, 1 to delete, 1 unchanged');
    expect(summaryLine(changes.slice(4), style)).toBe('Nothing to change (1 unchanged)');
    expect(summaryLine([], style)).toBe('Nothing is defined and nothing is there');
  });
});
