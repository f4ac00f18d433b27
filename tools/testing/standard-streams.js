import { afterAll } from '@jest/globals';

/**
 * Around each test file: oclif listens for errors of standard output once for every copy of it that is loaded. A worker
 * loads one for each file, and they all share one stream.
 */
const before = new Set(process.stdout.listeners('error'));
afterAll(() => {
  for (const listener of process.stdout.listeners('error'))
    if (!before.has(listener)) process.stdout.off('error', listener);
});
