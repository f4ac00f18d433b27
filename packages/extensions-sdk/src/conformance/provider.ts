import type { Provider } from '../provider.ts';
import type { ConformanceOptions } from './options.ts';
import { authenticates, queries } from './query-groups.ts';
import { type ConformanceReport, ReportBuilder } from './report.ts';
import { faults, lives, serves } from './server-groups.ts';
import { complete, described, discovered, loads } from './static-groups.ts';

/**
 * Runs a provider through the nine groups every provider must pass (06 §11, S:22220-22229). It needs no test runner: the
 * report says what passed, failed or was left out. With a mock nothing real is touched; without one a smallest server is
 * created and deleted for real.
 */
export async function runProviderConformance(
  provider: Provider,
  options: ConformanceOptions,
): Promise<ConformanceReport> {
  const builder = new ReportBuilder();
  const { name } = provider.metadata();
  await builder.group('discovered', (recorder) => discovered(recorder, provider, options));
  const instance = await builder.group('loads', (recorder) => loads(recorder, provider, options));
  if (instance !== undefined) {
    try {
      await builder.group('interface complete', (recorder) => complete(recorder, provider, instance));
      await builder.group('metadata and schemas', (recorder) => described(recorder, provider, options));
      await builder.group('authentication', (recorder) =>
        authenticates(recorder, provider, instance, options),
      );
      await builder.group('queries', (recorder) => queries(recorder, instance, options));
      await builder.group('life of a server', (recorder) => lives(recorder, instance, options));
      await builder.group('errors', (recorder) => faults(recorder, instance, options));
      await builder.group('existing definition', (recorder) => serves(recorder, instance, options, name));
    } finally {
      await instance.dispose();
    }
  }
  return builder.report('provider', name);
}
