import type { Plan } from '@provisioning/extensions-sdk';

/** Memory in MB, disk in GB. */
export interface WantedSize {
  readonly plan?: string;
  readonly cores: number;
  readonly memory: number;
}

/** The plan of that name, else the cheapest in the zone that holds the size; the same every time (06.A15). */
export function chooseFromPlans(plans: readonly Plan[], wanted: WantedSize, zone: string): Plan | undefined {
  const there = plans.filter((plan) => plan.zones.length === 0 || plan.zones.includes(zone));
  const named = there.find(({ name }) => name === wanted.plan);
  if (named !== undefined) return named;
  return there
    .filter((plan) => plan.cores >= wanted.cores && plan.memory_mb >= wanted.memory)
    .sort(
      (a, b) =>
        (a.hourly ?? Infinity) - (b.hourly ?? Infinity) ||
        a.cores - b.cores ||
        a.memory_mb - b.memory_mb ||
        a.name.localeCompare(b.name),
    )[0];
}
