import type { EventEnvelope } from '@provisioning/client';
import type { Family } from '../../metrics/metrics.ts';
import { badQuery } from './refusal.ts';

export interface MetricSelection {
  /** Names with `*` as a wildcard; absent: all. */
  readonly names: readonly RegExp[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly interval: number;
}

/** Query of the metrics stream (13 §8.1); `usual` seconds where it names none. @throws Refusal 400 */
export function readMetricSelection(query: URLSearchParams, usual: number): MetricSelection {
  const interval = Number(query.get('interval') ?? usual);
  if (!Number.isFinite(interval) || interval < 5 || interval > 300) {
    throw badQuery('interval: expected seconds from 5 to 300');
  }
  const labels: Record<string, string> = {};
  for (const pair of list(query.get('labels'))) {
    const at = pair.indexOf(':');
    if (at < 1) throw badQuery(`labels: expected name:value, found '${pair.slice(0, 50)}'`);
    labels[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const names = list(query.get('metrics')).map(
    (name) => new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`),
  );
  return { names: names.length === 0 ? undefined : names, labels, interval };
}

/** The chosen metrics as they are now, one event a sample. */
export function metricEvents(families: readonly Family[], selection: MetricSelection): EventEnvelope[] {
  const timestamp = new Date().toISOString();
  const wanted = Object.entries(selection.labels);
  return families
    .filter(({ name }) => selection.names?.some((pattern) => pattern.test(name)) ?? true)
    .flatMap((family) =>
      family
        .samples()
        .filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value))
        .map(({ name, labels, value }) => ({
          event_type: 'MetricUpdate',
          timestamp,
          data: { metric_name: name, metric_type: family.type, value, labels: { ...labels } },
          metadata: { interval: selection.interval, aggregation: 'last' },
        })),
    );
}

export function list(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
