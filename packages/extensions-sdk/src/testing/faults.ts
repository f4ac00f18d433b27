import { ProvisioningError } from '../error.ts';
import type { ProviderInstance, ServerSpec } from '../provider.ts';
import type { MockFault } from '../conformance/options.ts';
import type { ManualClock } from './manual-clock.ts';

/** A service that can be made to misbehave in every way a cloud does. */
export interface FaultyService {
  fail(fault: MockFault): void;
  /** `lost`: done, connection broken. `silent`: done, never answered. `dropped`: broken before it is done. */
  lose(loss: { readonly kind: 'lost' | 'silent' | 'dropped'; readonly method: string }): void;
  /** Requests until a listing shows what was made. */
  lag(requests: number): void;
  behave(): void;
  /** Servers of this name, shown or not. */
  count(hostname: string): number;
  /** Everything of ours, shown or not: servers, firewalls, volumes, keys. */
  leftovers(): readonly string[];
}

export interface FaultOutcome {
  readonly faults: readonly string[];
  readonly attempts: number;
  /** What went wrong; empty when the end state is right. */
  readonly findings: readonly string[];
}

const kinds = [
  '429',
  '429-after',
  '500',
  '503',
  'lost',
  'silent',
  'dropped',
  'quota',
  'expired',
  'lag',
] as const;
const mostAttempts = 25;

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * One random schedule of faults over the life of a server: created, created again, deleted. Each call is repeated until it
 * works, as a workflow and its user would. The end state is always the same: one server in between, nothing afterwards,
 * and every error on the way says what to do.
 */
export async function runFaultSchedule(options: {
  readonly seed: number;
  readonly service: FaultyService;
  readonly provider: ProviderInstance;
  readonly clock: ManualClock;
  readonly spec: ServerSpec;
}): Promise<FaultOutcome> {
  const { service, provider, clock, spec } = options;
  const random = seeded(options.seed);
  const faults: string[] = [];
  const findings: string[] = [];
  let attempts = 0;
  const plan = (methods: readonly string[]) => {
    for (let left = Math.floor(random() * 4); left > 0; left -= 1) {
      const kind = kinds[Math.floor(random() * kinds.length)] ?? '500';
      const method = methods[Math.floor(random() * methods.length)] ?? 'GET';
      faults.push(`${kind} ${method}`);
      inject(service, kind, method, random);
    }
  };
  const untilDone = async (what: string, work: () => Promise<unknown>) => {
    for (let attempt = 1; ; attempt += 1) {
      attempts += 1;
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ProvisioningError)) findings.push(`${what} threw ${String(error)}`);
        else if (error.hint === undefined) findings.push(`no hint: ${error.message}`);
        if (attempt >= mostAttempts) {
          findings.push(`${what} never worked: ${String(error)}`);
          return undefined;
        }
        // The next run comes after the circuit closed and limits ended.
        clock.advance(120_000);
      }
    }
  };
  const ref = { hostname: spec.hostname };
  plan(['GET', 'POST', 'POST']);
  await untilDone('create', () => provider.createServer(spec, { wait: true }));
  plan(['GET', 'POST']);
  const again = (await untilDone('create again', () => provider.createServer(spec, { wait: true }))) as
    { status: string } | undefined;
  if (again?.status !== 'running') findings.push(`it is ${again?.status}`);
  if (service.count(spec.hostname) !== 1)
    findings.push(`${service.count(spec.hostname)} servers instead of 1`);
  plan(['GET', 'DELETE', 'POST']);
  const gone = { keepStorage: false, force: true, wait: true };
  await untilDone('delete', () => provider.deleteServer(ref, gone));
  service.behave();
  clock.advance(120_000);
  await untilDone('delete again', () => provider.deleteServer(ref, gone));
  for (const left of service.leftovers()) findings.push(`left behind: ${left}`);
  return { faults, attempts, findings };
}

function inject(
  service: FaultyService,
  kind: (typeof kinds)[number],
  method: string,
  random: () => number,
): void {
  const times = 1 + Math.floor(random() * 4);
  const fail = (status: number, extra: Partial<MockFault> = {}) =>
    service.fail({ status, times, method, ...extra });
  switch (kind) {
    case '429':
      return fail(429);
    case '429-after':
      return fail(429, { headers: { 'retry-after': String(1 + Math.floor(random() * 90)) } });
    case '500':
      return fail(500);
    case '503':
      return fail(503);
    case 'quota':
      return fail(422, { body: { error: { code: 'x', message: 'quota reached' } } });
    case 'expired':
      return fail(401, { body: { error: { message: 'the token has expired' } } });
    case 'lag':
      return service.lag(Math.floor(random() * 6));
    default:
      return service.lose({ kind, method });
  }
}
