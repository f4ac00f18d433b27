import type { Settings } from '../settings/settings.ts';
import type { Limits } from './quotas.ts';

/** Limits of each mode (04 §2); solo has none. Memory in GB. */
const ofMode: Readonly<Partial<Record<Settings['mode'], Limits>>> = {
  multiuser: { servers: 10, cores: 32, memory: 128 },
  cicd: { servers: 5, cores: 16, memory: 64 },
  enterprise: { servers: 20, cores: 64, memory: 256 },
};

/**
 * The limits of somebody: those of the mode, over them the configured ones, over them those of their roles, over them
 * their own.
 */
export function limitsOf(
  { mode, quotas }: Settings,
  subject: string,
  roles: readonly string[] = [],
): Limits | undefined {
  const { overrides, ...general } = quotas;
  const own = { ...largest(roles.map((role) => overrides[role] ?? {})), ...overrides[subject] };
  const base = ofMode[mode];
  if (base === undefined && Object.keys({ ...general, ...own }).length === 0) return undefined;
  const unlimited: Limits = { servers: null, cores: null, memory: null };
  return { ...unlimited, ...base, ...general, ...own };
}

/** Of each resource the most that one of them allows. */
function largest(all: readonly Partial<Limits>[]): Partial<Limits> {
  const most: { -readonly [Name in keyof Limits]?: number | null } = {};
  for (const limits of all) {
    for (const [name, limit] of Object.entries(limits) as [keyof Limits, number | null][]) {
      const before = most[name];
      if (before === null) continue;
      most[name] = limit === null ? null : Math.max(limit, before ?? 0);
    }
  }
  return most;
}
