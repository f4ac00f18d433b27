import { expect, test } from '@jest/globals';
import { counted } from './counted.ts';

test('a number goes with the singular or the plural of its noun', () => {
  expect([counted(0, 'server'), counted(1, 'server'), counted(2, 'entry'), counted(1, 'entry')]).toEqual([
    '0 servers',
    '1 server',
    '2 entries',
    '1 entry',
  ]);
});
