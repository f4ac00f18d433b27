/** A service of the platform, and whether it answers. */
export interface PeerStatus {
  readonly name: string;
  readonly url: string;
  /** `healthy`, `degraded`, `unhealthy`, or `unreachable`. */
  readonly status: string;
  readonly latency_ms: number | null;
  readonly version: string | null;
}

/** Milliseconds for an answer. */
const patience = 2000;

/** The services that this one knows by configuration, asked for their health when somebody wants to know (13 §3). */
export class Peers {
  readonly #urls: () => Readonly<Record<string, string>>;

  constructor(urls: () => Readonly<Record<string, string>>) {
    this.#urls = urls;
  }

  all(): Promise<PeerStatus[]> {
    const urls = Object.entries(this.#urls()).filter(([, url]) => url !== '');
    return Promise.all(urls.map(([name, url]) => probe(name, url)));
  }

  /** What `X-Service` of a health request asks for. */
  async peer(
    service: string,
  ): Promise<{ readonly service: string; readonly reachable: boolean; readonly latency_ms: number | null }> {
    const url = this.#urls()[service] ?? '';
    const found = url === '' ? undefined : await probe(service, url);
    return {
      service,
      reachable: found !== undefined && found.status !== 'unreachable',
      latency_ms: found?.latency_ms ?? null,
    };
  }
}

async function probe(name: string, url: string): Promise<PeerStatus> {
  const began = performance.now();
  try {
    const answer = await fetch(new URL('/health', url), {
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    });
    const latency = Math.round((performance.now() - began) * 10) / 10;
    const body = (await answer.json().catch(() => ({}))) as { status?: unknown; version?: unknown };
    const told = typeof body.status === 'string' ? body.status : answer.ok ? 'healthy' : 'unhealthy';
    const version = typeof body.version === 'string' ? body.version : null;
    return { name, url, status: told, latency_ms: latency, version };
  } catch {
    return { name, url, status: 'unreachable', latency_ms: null, version: null };
  }
}
