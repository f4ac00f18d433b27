import type { ProviderContext, ServerSpec } from '../provider.ts';
import type { Server } from '../schemas/server.ts';

/** How to make the service behind a provider misbehave. */
export interface MockFault {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests are answered so. */
  readonly times: number;
  /** Only requests with this method. */
  readonly method?: string;
}

/** A stand-in for the provider's service that the kit can look into. */
export interface ConformanceMock {
  /** Requests so far that change something. */
  mutations(): number;
  /** All requests so far. */
  requests(): number;
  fail(fault: MockFault): void;
  /** Names, addresses or other traces of a server that is not ours and must never be listed. */
  readonly foreignServer?: string;
}

export interface ConformanceOptions {
  /** Folder of the package, with `manifest.yaml`. */
  readonly folder: string;
  /** A context with the right credentials. */
  readonly context: ProviderContext;
  /** Contexts without and with wrong credentials; absent for a provider that needs none. */
  readonly withoutCredentials?: ProviderContext;
  readonly wrongCredentials?: ProviderContext;
  /** Text that must never appear in an error: the right and the wrong secret. */
  readonly secrets?: readonly string[];
  /** Recorded or simulated service; without it the kit runs live, and leaves out what would need faults. */
  readonly mock?: ConformanceMock;
  /** A smallest server; `hostname` and the tags are the kit's unless given. */
  readonly spec: Pick<ServerSpec, 'plan' | 'cores' | 'memory' | 'disk' | 'zone' | 'os'> & Partial<ServerSpec>;
  /** A plan to resize to; without it resizing is left out. */
  readonly otherPlan?: string;
  /** What the provider can't do with a server after it exists, such as power on bare metal. */
  readonly withoutPower?: boolean;
  /** A definition that names this provider, resolved. */
  readonly infrastructure?: readonly Server[];
}
