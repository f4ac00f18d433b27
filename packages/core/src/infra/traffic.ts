import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** What traffic can be moved on (05 §8.3). DNS knows no shares: it moves in one step. */
export interface Switchable {
  readonly kind: 'load-balancer' | 'ingress' | 'dns';
  /** Gives a share of the traffic, 0 to 100, to the new side; the rest stays. */
  setWeight(percent: number): Promise<void>;
}

export interface SwitchOptions {
  readonly from: string;
  readonly to: string;
  /** Default 10, 50, 90, 100. */
  readonly steps?: readonly number[];
  /** Share that the new side has already, default 0. */
  readonly current?: number;
  /** Milliseconds after each step before its health check, default 60 s. */
  readonly interval?: number;
  /** The reason the new side is not healthy; nothing when it is. */
  readonly health: () => Promise<string | undefined>;
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Moves traffic step by step. A failing health check sets the weight of the step before back.
 * @throws ProvisioningError `SWITCH_IMPOSSIBLE`, `SWITCH_FAILED` (exit 1)
 */
export async function switchTraffic(endpoint: Switchable | undefined, options: SwitchOptions): Promise<void> {
  if (endpoint === undefined) {
    throw new ProvisioningError({
      code: 'SWITCH_IMPOSSIBLE',
      message: `No switchable endpoint between '${options.from}' and '${options.to}'`,
      hint: 'Put both behind one load balancer, ingress or DNS record.',
    });
  }
  const steps = endpoint.kind === 'dns' ? [100] : (options.steps ?? [10, 50, 90, 100]);
  if (steps.some((step, index) => step < 0 || step > 100 || step <= (steps[index - 1] ?? -1))) {
    throw new ProvisioningError({
      code: 'SWITCH_STEPS',
      kind: 'usage',
      message: `Steps must rise from 0 to 100: ${steps.join(',')}`,
    });
  }
  let weight = options.current ?? 0;
  for (const step of steps) {
    await endpoint.setWeight(step);
    options.say?.(`Traffic to ${options.to}: ${step} %`);
    const problem = await settled(options);
    if (problem !== undefined) {
      await endpoint.setWeight(weight);
      throw new ProvisioningError({
        code: 'SWITCH_FAILED',
        message: `Health check failed at ${step} %: ${problem}`,
        hint: `${options.to} is back at ${weight} %.`,
        details: { step, weight },
      });
    }
    weight = step;
  }
}

async function settled(options: SwitchOptions): Promise<string | undefined> {
  try {
    await delay(
      options.interval ?? 60_000,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
    return await options.health();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Hosts of a host canary: five percent, at least one. */
export function canaryHosts<T>(hosts: readonly T[]): T[] {
  return hosts.slice(0, Math.max(1, Math.ceil(hosts.length * 0.05)));
}
