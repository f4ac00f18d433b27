import { expect, test } from '@jest/globals';
import { RequestStatistics } from './requests.ts';

test('requests are counted by route and code, within the window', () => {
  const statistics = new RequestStatistics();
  const now = 100 * 60_000;
  for (let count = 1; count <= 100; count++) statistics.record('GET /tasks', 200, count, now);
  statistics.record('GET /tasks/{id}', 404, 5, now);
  statistics.record('GET /old', 500, 5, now - 30 * 60_000 + 1);
  expect(statistics.latency(300, now)).toEqual([
    { route: 'GET /tasks', count: 100, p50: 51, p95: 96, p99: 100 },
    { route: 'GET /tasks/{id}', count: 1, p50: 5, p95: 5, p99: 5 },
  ]);
  expect(statistics.errors(300, now)).toEqual({
    count: 1,
    rate: 1 / 101,
    by_code: { 404: 1 },
    by_route: { 'GET /tasks/{id}': 1 },
  });
});
