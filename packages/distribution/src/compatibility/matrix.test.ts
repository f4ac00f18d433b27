import { expect, test } from '@jest/globals';
import {
  type BundleEntry,
  checkBundle,
  checkPair,
  checkSupport,
  type CompatibilityMatrix,
  entryFor,
} from './matrix.ts';
import { ownMatrix, rangesOf } from './own-matrix.ts';

const matrix: CompatibilityMatrix = {
  compatibility: {
    core: { '3.2.1': { platform: '^2.5', 'orchestrator-api': 'v1' }, '3.2.5': { platform: '^2.6' } },
    platform: {
      '2.5.3': { core: '^3.0', 'min-core': '3.1.0', 'api-version': 'v1' },
      '2.3.0': { core: '^3.0' },
    },
  },
};

test('11.A11 versions that do not go together are refused with the range that would', () => {
  expect(checkPair(matrix, '3.2.1', '2.3.0')).toMatchObject({
    verdict: 'incompatible',
    message: 'Platform 2.3.0 is not compatible with core 3.2.1 (requires ^2.5)',
  });
  expect(checkPair(matrix, '3.2.1', '2.5.3', ['v1', 'v2'])).toEqual({ verdict: 'compatible' });
  expect(() => checkBundle(matrix, { core: '3.2.1', platform: '2.3.0' })).toThrow(
    expect.objectContaining({ exitCode: 1 }),
  );
  expect(() => checkBundle(matrix, { core: '3.2.1', platform: '2.5.3' })).not.toThrow();
});

test('both sides must hold, and the API must be spoken', () => {
  expect(checkPair(matrix, '3.0.0', '2.5.3')).toMatchObject({
    verdict: 'incompatible',
    message: 'Core 3.0.0 is not compatible with platform 2.5.3 (requires ^3.0, at least 3.1.0)',
  });
  expect(checkPair(matrix, '3.2.1', '2.5.3', ['v2'])).toMatchObject({ verdict: 'incompatible' });
});

test('a version without an entry takes the nearest lower one of its minor, else nothing is known', () => {
  expect(entryFor(matrix.compatibility!.core!, '3.2.4')).toEqual({
    platform: '^2.5',
    'orchestrator-api': 'v1',
  });
  expect(entryFor(matrix.compatibility!.core!, '3.3.0')).toBeUndefined();
  expect(checkPair(matrix, '3.9.0', '2.5.3')).toMatchObject({ verdict: 'unknown' });
  expect(() => checkBundle(matrix, { core: '3.9.0', platform: '2.5.3' })).toThrow();
});

test('support ends, and what was withdrawn needs force', () => {
  const bundle: BundleEntry = {
    name: 'x',
    'release-date': '2026-01-01',
    core: '3.2.1',
    platform: '2.5.3',
    'lts-until': '2026-09-01',
  };
  expect(checkSupport('lts-3.1', bundle, '2026-09-02')).toBe(
    'Bundle lts-3.1 reached end of support on 2026-09-01',
  );
  expect(checkSupport('lts-3.1', bundle, '2026-08-31')).toBeUndefined();
  expect(() => checkSupport('x', { ...bundle, withdrawn: true }, '2026-01-01')).toThrow(
    'Bundle x was withdrawn',
  );
});

test('a service says what it goes with, as the matrix it came with has it', async () => {
  const releases = [
    { platform: '2.5', core: '^3.1.0', cli: '^3.1.0', client: '^1.2.0', taskservs: '^1.0.0' },
  ];
  expect(rangesOf({ ...matrix, releases }, '2.5.4')).toEqual({
    core: '^3.0',
    cli: '^3.1.0',
    client: '^1.2.0',
  });
  expect(rangesOf({ ...matrix, releases }, '2.3.1')).toEqual({ core: '^3.0' });
  expect(rangesOf({}, '2.3.1')).toEqual({});
  const own = await ownMatrix(import.meta.url);
  expect(Object.keys(rangesOf(own, '0.1.0')).sort()).toEqual(['cli', 'client', 'core']);
});
