import type { Plan } from '@provisioning/extensions-sdk';
import { cheapestPlan, type WantedSize } from '../operations/server/cheapest-plan.ts';

/** A size, or the plan that is meant. */
export interface WantedPlan extends WantedSize {
  readonly plan?: string;
}

/** The plan of that name, else the cheapest in the zone that holds the size. */
export function chooseFromPlans(plans: readonly Plan[], wanted: WantedPlan, zone: string): Plan | undefined {
  const there = plans.filter((plan) => plan.zones.length === 0 || plan.zones.includes(zone));
  return there.find(({ name }) => name === wanted.plan) ?? cheapestPlan(there, wanted);
}
