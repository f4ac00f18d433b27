/** Decisions of the autoscaler (05 §5.3): pure, so that the orchestrator can journal them. Times in milliseconds. */

export interface ScalingRule {
  readonly min: number;
  readonly max: number;
  /** Target of each metric. */
  readonly targets: Readonly<Record<string, number>>;
  readonly upCooldown: number;
  readonly downCooldown: number;
  /** Servers change by one; replicas of a cluster go to what the metric asks for. */
  readonly proportional: boolean;
}

export interface ScalingState {
  readonly current: number;
  readonly lastUp?: number;
  readonly lastChange?: number;
  /** The newest samples of each metric, oldest first; the last three count. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

export interface ScalingDecision {
  readonly wanted: number;
  readonly reason: string;
  /** Printed when nothing could be decided. */
  readonly warning?: string;
}

const samplesThatCount = 3;
/** Below this share of every target there is one too many. */
const idleShare = 0.7;

/** How many there should be now. */
export function decideScaling(rule: ScalingRule, state: ScalingState, now: number): ScalingDecision {
  const clamp = (count: number): number => Math.min(rule.max, Math.max(rule.min, count));
  const { current } = state;
  if (current !== clamp(current))
    return { wanted: clamp(current), reason: `outside ${rule.min} to ${rule.max}` };
  const averages = new Map<string, number>();
  for (const metric of Object.keys(rule.targets)) {
    const samples = (state.samples[metric] ?? []).slice(-samplesThatCount);
    if (samples.length === 0) {
      return { wanted: current, reason: 'no change', warning: `No samples of ${metric}: nothing is scaled` };
    }
    averages.set(metric, samples.reduce((sum, sample) => sum + sample, 0) / samples.length);
  }
  const over = [...averages].filter(([metric, average]) => average > rule.targets[metric]!);
  if (over.length > 0) {
    const [metric, average] = over[0]!;
    if (state.lastUp !== undefined && now - state.lastUp < rule.upCooldown)
      return { wanted: current, reason: 'waiting for the cooldown' };
    const asked = rule.proportional
      ? Math.max(...over.map(([name, value]) => Math.ceil((current * value) / rule.targets[name]!)))
      : current + 1;
    const wanted = clamp(asked);
    return {
      wanted,
      reason:
        wanted === current
          ? `${metric} is high, but ${rule.max} is the most`
          : `${metric} ${average.toFixed(0)} > ${rule.targets[metric]}`,
    };
  }
  const idle = [...averages].every(([metric, average]) => average < idleShare * rule.targets[metric]!);
  if (!idle || averages.size === 0) return { wanted: current, reason: 'no change' };
  if (state.lastChange !== undefined && now - state.lastChange < rule.downCooldown)
    return { wanted: current, reason: 'waiting for the cooldown' };
  return { wanted: clamp(current - 1), reason: 'all metrics are low' };
}

/** `5m`, `30s`, `1h`, `2d` as milliseconds; `undefined` when it is no duration. */
export function durationOf(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?\s*$/.exec(text);
  if (match === null) return undefined;
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
    w: 604_800_000,
  };
  return Number(match[1]) * units[match[2] ?? 's']!;
}
