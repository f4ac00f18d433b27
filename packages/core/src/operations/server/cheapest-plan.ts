import type { Plan } from '@provisioning/extensions-sdk';

/** Memory in MB. */
export interface WantedSize {
  readonly cores: number;
  readonly memory: number;
  /** The operating system; one that is made for another architecture says so in its name. */
  readonly os?: string;
}

/**
 * The cheapest plan that holds a size, the same every time (06.A15). ARM is often the cheapest, yet an image or a
 * taskserv that exists for it alone is rare: without `arm64` or `aarch64` in the name of the image, plans of x86-64 go
 * before all others.
 */
export function cheapestPlan(
  plans: readonly Plan[],
  { cores, memory, os = '' }: WantedSize,
): Plan | undefined {
  const wished = /\b(arm64|aarch64)\b/i.test(os) ? 'aarch64' : 'x86_64';
  const strange = ({ architecture }: Plan): number => (architecture === wished ? 0 : 1);
  return plans
    .filter((plan) => plan.cores >= cores && plan.memory_mb >= memory)
    .sort(
      (a, b) =>
        strange(a) - strange(b) ||
        (a.hourly ?? Number.MAX_VALUE) - (b.hourly ?? Number.MAX_VALUE) ||
        a.cores - b.cores ||
        a.memory_mb - b.memory_mb ||
        a.name.localeCompare(b.name),
    )[0];
}
