/** Counters, gauges and histograms in the Prometheus text format. Label sets are bounded by what the service itself says. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(): readonly Sample[];
}

export class Counter implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>();

  /** @param initial label sets that exist with 0 from the start */
  constructor(name: string, help: string, initial: readonly Labels[] = [{}]) {
    this.name = name;
    this.help = help;
    for (const labels of initial) this.add(labels, 0);
  }

  add(labels: Labels = {}, amount = 1): void {
    const at = key(labels);
    const found = this.#values.get(at);
    if (found) found.value += amount;
    else this.#values.set(at, { labels, value: amount });
  }

  samples(): readonly Sample[] {
    return [...this.#values.values()].map(({ labels, value }) => ({ name: this.name, labels, value }));
  }
}

type GaugeReader = () => number | readonly { readonly labels: Labels; readonly value: number }[];

export class Gauge implements Family {
  readonly type = 'gauge';
  readonly name: string;
  readonly help: string;
  readonly #read: GaugeReader;

  /** @param read called when the metrics are asked for */
  constructor(name: string, help: string, read: GaugeReader) {
    this.name = name;
    this.help = help;
    this.#read = read;
  }

  samples(): readonly Sample[] {
    const value = this.#read();
    if (typeof value === 'number') return [{ name: this.name, labels: {}, value }];
    return value.map((item) => ({ name: this.name, ...item }));
  }
}

interface Buckets {
  readonly counts: number[];
  sum: number;
  count: number;
}

export class Histogram implements Family {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly labels: Labels; readonly buckets: Buckets }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const at = key(labels);
    let series = this.#series.get(at);
    if (!series) {
      series = { labels, buckets: { counts: this.#bounds.map(() => 0), sum: 0, count: 0 } };
      this.#series.set(at, series);
    }
    const { buckets } = series;
    buckets.sum += value;
    buckets.count++;
    this.#bounds.forEach((bound, index) => {
      if (value <= bound) buckets.counts[index]!++;
    });
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()].flatMap(({ labels, buckets }) => [
      ...this.#bounds.map((bound, index) => ({
        name: `${this.name}_bucket`,
        labels: { ...labels, le: String(bound) },
        value: buckets.counts[index]!,
      })),
      { name: `${this.name}_bucket`, labels: { ...labels, le: '+Inf' }, value: buckets.count },
      { name: `${this.name}_sum`, labels, value: buckets.sum },
      { name: `${this.name}_count`, labels, value: buckets.count },
    ]);
  }
}

export function renderMetrics(families: readonly Family[]): string {
  const lines = families.flatMap((family) => [
    `# HELP ${family.name} ${family.help}`,
    `# TYPE ${family.name} ${family.type}`,
    ...family.samples().map(({ name, labels, value }) => `${name}${key(labels)} ${value}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function key(labels: Labels): string {
  const parts = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}
