import type { Plan, Price, ProviderCapabilities, Zone } from '@provisioning/extensions-sdk';
import { chooseFromPlans, type WantedPlan } from './fitting-plan.ts';
import { matchesRegion } from './regions.ts';

/** What is known of one provider; collected by the caller, so that choosing is pure. */
export interface ProviderFacts {
  readonly name: string;
  readonly capabilities: ProviderCapabilities;
  readonly zones: readonly Zone[];
  readonly plans: readonly Plan[];
  readonly prices: readonly Price[];
  /** Milliseconds of a health check; absent when it was not asked or failed. */
  readonly latency_ms?: number;
}

export interface SuggestedServer extends WantedPlan {
  readonly hostname: string;
  /** Counts for the odd number that a quorum needs. */
  readonly control_plane?: boolean;
}

export interface StrategyDemand {
  readonly regions: readonly string[];
  readonly high_availability: boolean;
  readonly cost_optimization: boolean;
  readonly capabilities: readonly (keyof ProviderCapabilities)[];
  readonly compliance: readonly string[];
  readonly servers?: readonly SuggestedServer[];
}

export interface Recommendation {
  readonly provider: string;
  readonly zones: readonly string[];
  /** 0 to 100. */
  readonly score: number;
  readonly monthly: number | null;
  readonly reasons: readonly string[];
}

export interface Strategy {
  readonly recommendations: readonly Recommendation[];
  readonly placement: Readonly<Record<string, { readonly provider: string; readonly zone: string }>>;
  readonly warnings: readonly string[];
}

interface Candidate extends Recommendation {
  readonly covered: readonly string[];
}

/** Providers for a demand, those that cover every region first, then by score, and where each server would go (06 §5.5, S:28250-28260). */
export function suggestDeploymentStrategy(
  demand: StrategyDemand,
  providers: readonly ProviderFacts[],
): Strategy {
  const warnings: string[] = [];
  const able = providers.filter((provider) => {
    const lacks = [
      ...demand.capabilities.filter((name) => !provider.capabilities[name]).map(String),
      ...demand.compliance.filter(
        (name) => provider.capabilities.compliance_certifications?.includes(name) !== true,
      ),
    ];
    if (lacks.length > 0) warnings.push(`${provider.name} lacks ${lacks.join(', ')}`);
    return lacks.length === 0;
  });
  const priced = able.map((provider) => ({ provider, ...measure(demand, provider) }));
  const fitting = priced.filter(({ provider, zones, unplaced }) => {
    if (zones.length === 0) warnings.push(`${provider.name} has no zone in ${demand.regions.join(', ')}`);
    else if (unplaced.length > 0) warnings.push(`${provider.name} has no plan for ${unplaced.join(', ')}`);
    return zones.length > 0 && unplaced.length === 0;
  });
  const costs = [...new Set(fitting.flatMap(({ monthly }) => monthly ?? []))].sort((a, b) => a - b);
  const candidates: Candidate[] = fitting
    .map((entry) => scored(demand, entry.provider, entry, costs))
    .sort(
      (a, b) =>
        Number(b.covered.length === demand.regions.length) -
          Number(a.covered.length === demand.regions.length) ||
        b.score - a.score ||
        (a.monthly ?? Infinity) - (b.monthly ?? Infinity) ||
        a.provider.localeCompare(b.provider),
    );
  const chosen = chosenProviders(demand, candidates);
  const control = (demand.servers ?? []).filter(({ control_plane: flag }) => flag === true).length;
  if (demand.high_availability && control > 0 && control % 2 === 0) {
    warnings.push(
      `${control} control-plane servers have no majority when split; use ${control - 1} or ${control + 1}`,
    );
  }
  const placement = placed(demand, chosen);
  const zonesUsed = new Set(
    chosen.flatMap(({ provider, zones }) => zones.map((zone) => `${provider}/${zone}`)),
  );
  if (demand.high_availability && candidates.length > 0 && zonesUsed.size < 2) {
    warnings.push('high availability needs two zones; only one fits');
  }
  const uncovered = demand.regions.filter(
    (region) => !chosen.some(({ covered }) => covered.includes(region)),
  );
  if (candidates.length > 0 && uncovered.length > 0)
    warnings.push(`no provider covers ${uncovered.join(', ')}`);
  return {
    recommendations: candidates.map(({ covered: _covered, ...recommendation }) => recommendation),
    placement,
    warnings,
  };
}

interface Measured {
  readonly zones: readonly Zone[];
  readonly covered: readonly string[];
  readonly monthly: number | null;
  /** Hostnames that no plan holds. */
  readonly unplaced: readonly string[];
}

/** Zones of a provider in the wished regions, and what the servers cost there at best. */
function measure(demand: StrategyDemand, { zones, plans, prices }: ProviderFacts): Measured {
  const open = zones.filter(({ available }) => available);
  const wished =
    demand.regions.length === 0
      ? open
      : open.filter((zone) => demand.regions.some((region) => matchesRegion(zone, region)));
  const covered = demand.regions.filter((region) => open.some((zone) => matchesRegion(zone, region)));
  let monthly: number | null = 0;
  const unplaced: string[] = [];
  for (const server of demand.servers ?? []) {
    const options = wished.flatMap((zone) => {
      const plan = chooseFromPlans(plans, server, zone.name);
      if (plan === undefined) return [];
      const price = prices.find((entry) => entry.plan === plan.name && entry.zone === zone.name);
      return [price?.monthly ?? (plan.hourly === undefined ? null : plan.hourly * 730)];
    });
    if (options.length === 0 && wished.length > 0) unplaced.push(server.hostname);
    const known = options.filter((cost) => cost !== null);
    monthly = monthly === null || known.length === 0 ? null : monthly + Math.min(...known);
  }
  return {
    zones: wished,
    covered,
    monthly: monthly === null ? null : Math.round(monthly * 100) / 100,
    unplaced,
  };
}

/** Coverage 40, price 30, several zones a region 20, latency 10; with cost optimisation price 50, coverage 20. */
function scored(
  demand: StrategyDemand,
  provider: ProviderFacts,
  measured: Measured,
  costs: readonly number[],
): Candidate {
  const { zones, covered, monthly } = measured;
  const [coverageWeight, priceWeight] = demand.cost_optimization ? [20, 50] : [40, 30];
  const coverage = demand.regions.length === 0 ? 1 : covered.length / demand.regions.length;
  const rank = monthly === null ? -1 : costs.indexOf(monthly);
  const price = rank < 0 ? 0 : costs.length <= 1 ? 1 : 1 - rank / (costs.length - 1);
  const regions = demand.regions.length === 0 ? [''] : covered;
  const several = regions.filter(
    (region) => zones.filter((zone) => region === '' || matchesRegion(zone, region)).length >= 2,
  );
  const spread = regions.length === 0 ? 0 : several.length / regions.length;
  const latency = provider.latency_ms === undefined ? 0 : Math.max(0, 1 - provider.latency_ms / 1000);
  const reasons = [
    demand.regions.length === 0 ? 'any region' : `covers ${covered.join(', ')}`,
    ...(monthly === null ? ['price unknown'] : demand.servers?.length ? [`${monthly} a month`] : []),
    ...(spread > 0 ? ['two or more zones in a region'] : []),
    ...(provider.latency_ms === undefined ? [] : [`answers in ${Math.round(provider.latency_ms)} ms`]),
  ];
  return {
    provider: provider.name,
    zones: zones.map(({ name }) => name).sort(),
    score: Math.round(coverageWeight * coverage + priceWeight * price + 20 * spread + 10 * latency),
    monthly: demand.servers?.length ? monthly : null,
    reasons,
    covered,
  };
}

/** The best provider; a second one only when one cannot cover the regions. */
function chosenProviders(demand: StrategyDemand, candidates: readonly Candidate[]): Candidate[] {
  const complete = candidates.find(({ covered }) => covered.length === demand.regions.length);
  const [best] = candidates;
  if (complete !== undefined || best === undefined) return complete === undefined ? [] : [complete];
  const missing = demand.regions.filter((region) => !best.covered.includes(region));
  const second = candidates
    .slice(1)
    .find(({ covered }) => missing.every((region) => covered.includes(region)));
  return second === undefined ? [best] : [best, second];
}

/** Round-robin over the zones for high availability, else all in the first zone. */
function placed(demand: StrategyDemand, chosen: readonly Candidate[]): Strategy['placement'] {
  const all = chosen.flatMap(({ provider, zones }) => zones.map((zone) => ({ provider, zone })));
  const targets = demand.high_availability ? all : all.slice(0, 1);
  if (targets.length === 0) return {};
  return Object.fromEntries(
    (demand.servers ?? []).map(({ hostname }, index) => [hostname, targets[index % targets.length]!]),
  );
}
