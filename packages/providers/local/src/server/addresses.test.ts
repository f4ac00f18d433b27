import { expect, test } from '@jest/globals';
import { freeAddress, isInSubnet } from './addresses.ts';

test('the lowest free address after the gateway', () => {
  expect(freeAddress('10.89.0.0/24', new Set())).toBe('10.89.0.2');
  expect(freeAddress('10.89.0.0/24', new Set(['10.89.0.2', '10.89.0.4']))).toBe('10.89.0.3');
  expect(freeAddress('192.168.255.128/25', new Set())).toBe('192.168.255.130');
  expect(freeAddress('10.0.0.0/30', new Set(['10.0.0.2']))).toBeUndefined();
  expect(freeAddress('fd00::/64', new Set())).toBeUndefined();
  expect(freeAddress('nonsense', new Set())).toBeUndefined();
});

test('addresses a server may have', () => {
  expect(isInSubnet('10.89.0.7', '10.89.0.0/24')).toBe(true);
  for (const wrong of ['10.89.0.1', '10.89.0.255', '10.89.1.7', 'x']) {
    expect(isInSubnet(wrong, '10.89.0.0/24')).toBe(false);
  }
});
