import type { Provider } from '../provider.ts';
import type { ConformanceOptions } from './options.ts';
import { authenticates, queries } from './query-groups.ts';
import { type ConformanceGroup, type ConformanceReport, GroupRecorder } from './report.ts';
import { faults, lives, serves } from './server-groups.ts';
import { complete, described, discovered, loads } from './static-groups.ts';

export type { ConformanceMock, ConformanceOptions, MockFault } from './options.ts';
export { formatReport } from './report.ts';
export type { ConformanceCheck, ConformanceGroup, ConformanceReport } from './report.ts';

/**
 * Runs a provider through the nine groups every provider must pass (06 §11, S:22220-22229). It needs no test runner: the
 * report says what passed, failed or was left out. With a mock nothing real is touched; without one a smallest server is
 * created and deleted for real.
 */
export async function runProviderConformance(
  provider: Provider,
  options: ConformanceOptions,
): Promise<ConformanceReport> {
  const groups: ConformanceGroup[] = [];
  const group = async (name: string, work: (recorder: GroupRecorder) => Promise<unknown>): Promise<void> => {
    const recorder = new GroupRecorder();
    await work(recorder);
    groups.push({ name, checks: recorder.checks });
  };
  const { name } = provider.metadata();
  await group('discovered', (recorder) => discovered(recorder, provider, options));
  const loading = new GroupRecorder();
  const instance = await loads(loading, provider, options);
  groups.push({ name: 'loads', checks: loading.checks });
  if (instance !== undefined) {
    try {
      await group('interface complete', (recorder) => complete(recorder, provider, instance));
      await group('metadata and schemas', (recorder) => described(recorder, provider, options));
      await group('authentication', (recorder) => authenticates(recorder, provider, instance, options));
      await group('queries', (recorder) => queries(recorder, instance, options));
      await group('life of a server', (recorder) => lives(recorder, instance, options));
      await group('errors', (recorder) => faults(recorder, instance, options));
      await group('existing definition', (recorder) => serves(recorder, instance, options, name));
    } finally {
      await instance.dispose();
    }
  }
  const passed = groups.every(({ checks }) => checks.every(({ result }) => result !== 'failed'));
  return { provider: name, passed: passed && instance !== undefined, groups };
}
