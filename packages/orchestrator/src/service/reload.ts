import { isDeepStrictEqual } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { findings } from '@provisioning/service-kit';
import { Settings } from '../settings/settings.ts';

/** Settings that are looked at each time they count, so that a change is in force at once (13 §3). */
const reloadable = [
  'logging.level',
  'queue.max_concurrent_tasks',
  'quotas.servers',
  'quotas.cores',
  'quotas.memory',
  'quotas.overrides',
  'retention.completed_days',
  'retention.events_days',
  'retention.failed_days',
  'scheduler.enable_preemption',
  'scheduler.provider_limits',
  'scheduler.resource_limits.max_cpu_cores',
  'shutdown_grace_seconds',
] as const;

export interface SettingChange {
  readonly key: string;
  readonly old_value: unknown;
  readonly new_value: unknown;
}

/**
 * Changes settings of the running service: all of them, or none.
 * @returns what differs from before
 * @throws ProvisioningError `VALIDATION_FAILED` for a key that needs a restart, and for a value that the schema refuses
 */
export function changeSettings(
  settings: Settings,
  values: Readonly<Record<string, unknown>>,
): readonly SettingChange[] {
  const next = structuredClone(settings);
  const changes: SettingChange[] = [];
  for (const [key, value] of Object.entries(values)) {
    if (!(reloadable as readonly string[]).includes(key)) throw refused(key, `Key '${key}' needs a restart`);
    const old = write(next, key, value);
    if (!isDeepStrictEqual(old, value)) changes.push({ key, old_value: old ?? null, new_value: value });
  }
  const [wrong] = findings(Settings, next);
  if (wrong) {
    const key = wrong.path.slice(1).replaceAll('/', '.');
    throw refused(key, `${key} ${wrong.message}`);
  }
  for (const { key, new_value } of changes) write(settings, key, new_value);
  return changes;
}

/** @returns what was there */
function write(settings: Settings, key: string, value: unknown): unknown {
  const names = key.split('.');
  const last = names.pop()!;
  const at = names.reduce(
    (part, name) => part[name] as Record<string, unknown>,
    settings as Record<string, unknown>,
  );
  const old = at[last];
  at[last] = value;
  return old;
}

function refused(key: string, message: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message,
    hint: `Without a restart: ${reloadable.join(', ')}`,
    details: [{ path: `/${key.replaceAll('.', '/')}`, message }],
  });
}
