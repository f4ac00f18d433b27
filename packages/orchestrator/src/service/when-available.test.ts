import { expect, test } from '@jest/globals';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { whenAvailable } from './when-available.ts';

function refused(): Error {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  return new ProvisioningError({
    code: 'STORAGE_UNAVAILABLE',
    kind: 'unavailable',
    message: 'PostgreSQL cannot be used',
    cause,
  });
}

test('a server that is not there yet is waited for, longer each time', async () => {
  const said: string[] = [];
  const pauses: number[] = [];
  let left = 8;
  await whenAvailable(
    'PostgreSQL',
    async () => {
      if (left-- > 0) throw refused();
    },
    { say: (message) => said.push(message), delay: async (pause) => pauses.push(pause) },
  );
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(said[0]).toBe('waiting for PostgreSQL: PostgreSQL cannot be used; next attempt in 0.5 s');
});

test('what waiting does not heal is told at once', async () => {
  const wrong = Object.assign(new Error('password authentication failed'), { code: '28P01' });
  const never = () => Promise.reject(new Error('waited'));
  const attempt = whenAvailable('PostgreSQL', () => Promise.reject(wrong), {
    say: () => undefined,
    delay: never,
  });
  await expect(attempt).rejects.toBe(wrong);
});
