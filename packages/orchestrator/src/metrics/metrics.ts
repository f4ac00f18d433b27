/** Counters, gauges and histograms in the Prometheus text format. Label sets are bounded by what the service itself says. */

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  render(): string[];
}

export class Counter implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly #values = new Map<string, number>();

  /** @param initial label sets that exist with 0 from the start */
  constructor(name: string, help: string, initial: readonly Labels[] = [{}]) {
    this.name = name;
    this.help = help;
    for (const labels of initial) this.#values.set(key(labels), 0);
  }

  add(labels: Labels = {}, amount = 1): void {
    const at = key(labels);
    this.#values.set(at, (this.#values.get(at) ?? 0) + amount);
  }

  render(): string[] {
    return [...this.#values].map(([labels, value]) => `${this.name}${labels} ${value}`);
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

  render(): string[] {
    const value = this.#read();
    if (typeof value === 'number') return [`${this.name} ${value}`];
    return value.map((item) => `${this.name}${key(item.labels)} ${item.value}`);
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

  render(): string[] {
    return [...this.#series.values()].flatMap(({ labels, buckets }) => [
      ...this.#bounds.map(
        (bound, index) =>
          `${this.name}_bucket${key({ ...labels, le: String(bound) })} ${buckets.counts[index]}`,
      ),
      `${this.name}_bucket${key({ ...labels, le: '+Inf' })} ${buckets.count}`,
      `${this.name}_sum${key(labels)} ${buckets.sum}`,
      `${this.name}_count${key(labels)} ${buckets.count}`,
    ]);
  }
}

export function renderMetrics(families: readonly Family[]): string {
  const lines = families.flatMap((family) => [
    `# HELP ${family.name} ${family.help}`,
    `# TYPE ${family.name} ${family.type}`,
    ...family.render(),
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
