import type { Settings } from '../service/settings.ts';
import type { Limits } from './quotas.ts';

/** Limits of each mode (04 §2); solo has none. Memory in GB. */
const ofMode: Readonly<Partial<Record<Settings['mode'], Limits>>> = {
  multiuser: { servers: 10, cores: 32, memory: 128 },
  cicd: { servers: 5, cores: 16, memory: 64 },
  enterprise: { servers: 20, cores: 64, memory: 256 },
};

/** The limits of somebody: those of the mode, over them the configured ones, over them their own. */
export function limitsOf({ mode, quotas }: Settings, subject: string): Limits | undefined {
  const { overrides, ...general } = quotas;
  const own = overrides[subject] ?? {};
  const base = ofMode[mode];
  if (base === undefined && Object.keys({ ...general, ...own }).length === 0) return undefined;
  const unlimited: Limits = { servers: null, cores: null, memory: null };
  return { ...unlimited, ...base, ...general, ...own };
}
