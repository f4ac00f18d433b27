import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts';
import { createOnce } from './create-once.ts';
import { ManualClock } from '../testing/index.ts';

function error(code: ProviderErrorCode): ProviderError {
  return new ProviderError({ provider: 'acme', operation: 'createServer', code, message: code });
}

test('06.A5 a create that worked but never answered is found, not repeated', async () => {
  const made: { id: string; created_at: string }[] = [];
  const result = await createOnce({
    find: async () => made,
    create: async () => {
      made.push({ id: '1', created_at: '2026-01-01' });
      throw error('timeout');
    },
    remove: async () => undefined,
    attempts: 3,
    clock: new ManualClock(),
  });
  expect(result.id).toBe('1');
  expect(made).toHaveLength(1);
});

test('refusals are not repeated', async () => {
  let calls = 0;
  const create = async () => {
    calls += 1;
    throw error('quota');
  };
  const options = {
    find: async () => [],
    create,
    remove: async () => undefined,
    attempts: 3,
    clock: new ManualClock(),
  };
  await expect(createOnce(options)).rejects.toMatchObject({ providerCode: 'quota' });
  expect(calls).toBe(1);
});

test('whatever gets lost and however late the listing is, one resource is left', async () => {
  const fault = fc.constantFrom('none', 'before', 'after', 'limited');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 2 }),
      fc.integer({ min: 0, max: 40 }),
      async (faults, lag) => {
        const clock = new ManualClock();
        const store = new Map<string, { id: string; created_at: string; visible: number }>();
        let attempt = 0;
        const result = await createOnce({
          find: async () => [...store.values()].filter(({ visible }) => visible <= clock.now()),
          create: async () => {
            const kind = faults[attempt] ?? 'none';
            attempt += 1;
            if (kind === 'before') throw error('unavailable');
            if (kind === 'limited') throw error('rate_limited');
            const id = String(attempt);
            const item = {
              id,
              created_at: new Date(clock.now()).toISOString(),
              visible: clock.now() + lag * 1000,
            };
            store.set(id, item);
            if (kind === 'after') throw error('timeout');
            return item;
          },
          remove: async ({ id }) => void store.delete(id),
          attempts: 3,
          settle: 45,
          clock,
        });
        expect([...store.keys()]).toEqual([result.id]);
      },
    ),
    { numRuns: 300 },
  );
});
