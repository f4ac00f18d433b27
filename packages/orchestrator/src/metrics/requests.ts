/** Requests of one minute, by route. */
interface Minute {
  readonly at: number;
  readonly routes: Map<string, { readonly milliseconds: number[]; readonly codes: Map<number, number> }>;
}

/** Minutes that are kept, and durations of a route in a minute that percentiles are taken from. */
const kept = 60;
const sampled = 500;
const minute = 60_000;

/** How long requests took and how they ended, for the last hour (13 §3 `/metrics/latency`, `/metrics/errors`). */
export class RequestStatistics {
  #minutes: Minute[] = [];

  record(route: string, status: number, milliseconds: number, now = Date.now()): void {
    const at = Math.floor(now / minute);
    let current = this.#minutes.at(-1);
    if (current?.at !== at) {
      current = { at, routes: new Map() };
      this.#minutes.push(current);
      if (this.#minutes.length > kept) this.#minutes.shift();
    }
    let entry = current.routes.get(route);
    if (!entry) current.routes.set(route, (entry = { milliseconds: [], codes: new Map() }));
    entry.codes.set(status, (entry.codes.get(status) ?? 0) + 1);
    if (entry.milliseconds.length < sampled) entry.milliseconds.push(milliseconds);
    else entry.milliseconds[Math.floor(Math.random() * sampled)] = milliseconds;
  }

  /** Milliseconds by route. @param window seconds back from now */
  latency(window: number, now = Date.now()) {
    return this.#routes(window, now).map(({ route, milliseconds, count }) => {
      const sorted = milliseconds.sort((a, b) => a - b);
      const at = (part: number) =>
        round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
      return { route, count, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    });
  }

  /** Answers of 400 and above. @param window seconds back from now */
  errors(window: number, now = Date.now()) {
    const routes = this.#routes(window, now);
    const by_code: Record<string, number> = {};
    const by_route: Record<string, number> = {};
    for (const { route, codes } of routes) {
      for (const [code, times] of codes) {
        if (code < 400) continue;
        by_code[code] = (by_code[code] ?? 0) + times;
        by_route[route] = (by_route[route] ?? 0) + times;
      }
    }
    const count = Object.values(by_code).reduce((sum, times) => sum + times, 0);
    const total = routes.reduce((sum, route) => sum + route.count, 0);
    return { count, rate: total === 0 ? 0 : count / total, by_code, by_route };
  }

  #routes(window: number, now: number) {
    const since = Math.floor((now - window * 1000) / minute);
    const found = new Map<string, { milliseconds: number[]; codes: Map<number, number>; count: number }>();
    for (const { at, routes } of this.#minutes) {
      if (at < since) continue;
      for (const [route, { milliseconds, codes }] of routes) {
        const all = found.get(route) ?? { milliseconds: [], codes: new Map<number, number>(), count: 0 };
        all.milliseconds.push(...milliseconds);
        for (const [code, times] of codes) {
          all.codes.set(code, (all.codes.get(code) ?? 0) + times);
          all.count += times;
        }
        found.set(route, all);
      }
    }
    return [...found].map(([route, all]) => ({ route, ...all }));
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
