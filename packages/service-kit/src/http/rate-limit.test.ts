import { expect, test } from '@jest/globals';
import { RateLimiter } from './rate-limit.ts';

/** Clocks that stand still until they are moved. */
function clocks() {
  const clock = { passed: 0, jumped: 0 };
  return {
    clock,
    given: { monotonic: () => clock.passed, wall: () => 1_000_000_000_000 + clock.passed + clock.jumped },
  };
}

const outcome = (limiter: RateLimiter): unknown => {
  try {
    return limiter.take('general', '10.0.0.1').remaining;
  } catch (error) {
    return error;
  }
};

test('a window slides: what is older than it counts no more', () => {
  const { clock, given } = clocks();
  const limiter = new RateLimiter({ general: { max: 2, window: 60 } }, given);
  expect(outcome(limiter)).toBe(1);
  clock.passed += 30_000;
  expect(outcome(limiter)).toBe(0);
  expect(outcome(limiter)).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 30 });
  clock.passed += 30_000;
  expect(outcome(limiter)).toBe(0);
  expect(outcome(limiter)).toMatchObject({ details: { limit: 2, remaining: 0, reset: 1_000_000_090 } });
});

test('a wall clock that jumps an hour ahead frees nobody, one that goes back locks nobody out', () => {
  const { clock, given } = clocks();
  const limiter = new RateLimiter({ general: { max: 1, window: 60 } }, given);
  expect(outcome(limiter)).toBe(0);
  clock.jumped = 3_600_000;
  expect(outcome(limiter)).toMatchObject({
    retryAfter: 60,
    details: { reset: 1_000_000_000 + 3600 + 60 },
  });
  clock.jumped = -3_600_000;
  clock.passed += 60_000;
  expect(outcome(limiter)).toBe(0);
});

test('what was not used for two windows is forgotten', () => {
  const { clock, given } = clocks();
  const limiter = new RateLimiter({ general: { max: 5, window: 60 } }, given);
  limiter.take('general', 'first');
  clock.passed += 180_001;
  limiter.take('general', 'second');
  expect(limiter.stats()).toEqual({ total_ips: 1, total_requests: 2, limited_ips: 0 });
});
