import type { Context, TaskservUse } from '@provisioning/extensions-sdk';
import type { ServerReference, ServerTarget } from './host.ts';
import { prepareTaskserv } from './observe.ts';
import { runOnHost } from './run-on-host.ts';

/** One check of a taskserv's health. */
export interface TaskservHealthCheck {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly message: string;
}

/** Result of `taskserv health` (07 §1): healthy when every check passes. */
export interface TaskservHealthReport {
  readonly service: string;
  readonly target: string;
  readonly healthy: boolean;
  readonly checks: readonly TaskservHealthCheck[];
  readonly last_check: string;
}

/** Result of `taskserv status` (07 §1). */
export interface TaskservStatus {
  readonly service: string;
  readonly target: string;
  readonly status: 'not-installed' | 'running' | 'stopped' | 'degraded' | 'failed' | 'installed';
  readonly version: string | null;
  readonly systemd_status: string | null;
  /** Seconds since it was started. */
  readonly uptime: number | null;
  /** Bytes. */
  readonly memory_usage: number | null;
  /** Seconds of CPU since it was started. */
  readonly cpu_usage: number | null;
  readonly health: TaskservHealthReport | null;
  readonly checked_at: string;
}

/** Looks at a taskserv on its server, once. Changes nothing. */
export async function taskservHealth(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
): Promise<TaskservStatus> {
  const desired = await prepareTaskserv(context, target, use, { references });
  const output = await runOnHost(context, target, desired, { mode: 'health', operation: 'taskserv health' });
  const checked_at = new Date(context.now()).toISOString();
  const base = { service: use.name, target: target.hostname, checked_at };
  if (output.result === 'absent') {
    return {
      ...base,
      status: 'not-installed',
      version: null,
      systemd_status: null,
      uptime: null,
      memory_usage: null,
      cpu_usage: null,
      health: null,
    };
  }
  const said = (about: string): string[] =>
    output.told.filter((one) => one.about === about).map(({ text }) => text);
  const checks = said('check').map(readCheck);
  const units = said('unit').map(readUnit);
  const healthy = checks.every(({ status }) => status === 'passed');
  const up = Number(said('uptime')[0] ?? Number.NaN);
  const started = Math.max(0, ...units.map((unit) => Number(unit.get('ActiveEnterTimestampMonotonic') ?? 0)));
  return {
    ...base,
    status: statusOf(units, healthy),
    version: said('record')[0]?.split(' ')[0] ?? null,
    systemd_status: units.length === 0 ? null : units.map((unit) => unit.get('ActiveState')).join(', '),
    uptime: started > 0 && Number.isFinite(up) ? Math.max(0, Math.round(up - started / 1e6)) : null,
    memory_usage: sum(units, 'MemoryCurrent'),
    cpu_usage: scaled(sum(units, 'CPUUsageNSec'), 1e9),
    health: { ...base, healthy, checks, last_check: checked_at },
  };
}

/**
 * Whether a server fulfils what a taskserv asks of it: system, memory, disk. Changes nothing.
 * @throws ProvisioningError `REQUIREMENTS_NOT_MET`, `UNSUPPORTED_OS`.
 */
export async function checkRequirements(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  references: readonly ServerReference[],
): Promise<void> {
  const desired = await prepareTaskserv(context, target, use, { references });
  await runOnHost(context, target, desired, { mode: 'check', operation: 'taskserv check' });
}

type UnitFacts = ReadonlyMap<string, string>;

/** `service redis-server ok`, `endpoint failed Health endpoint not responding`. */
function readCheck(text: string): TaskservHealthCheck {
  const [, name = text, state = 'failed', message = ''] = /^(.+?) (ok|failed) ?(.*)$/.exec(text) ?? [];
  return { name, status: state === 'ok' ? 'passed' : 'failed', message: state === 'ok' ? 'ok' : message };
}

function readUnit(text: string): UnitFacts {
  return new Map(
    text.split(' ').flatMap((word) => {
      const cut = word.indexOf('=');
      return cut < 0 ? [] : [[word.slice(0, cut), word.slice(cut + 1)] as const];
    }),
  );
}

function statusOf(units: readonly UnitFacts[], healthy: boolean): TaskservStatus['status'] {
  const states = units.map((unit) => unit.get('ActiveState'));
  if (states.includes('failed')) return 'failed';
  if (states.length > 0 && states.every((state) => state === 'inactive')) return 'stopped';
  if (!healthy || states.some((state) => state !== 'active')) return 'degraded';
  return states.length === 0 ? 'installed' : 'running';
}

/** systemd says `[not set]` or its largest number where nothing is counted. */
function sum(units: readonly UnitFacts[], property: string): number | null {
  const values = units
    .map((unit) => Number(unit.get(property) ?? Number.NaN))
    .filter((value) => Number.isSafeInteger(value));
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

function scaled(value: number | null, divisor: number): number | null {
  return value === null ? null : Math.round((value / divisor) * 100) / 100;
}
