import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** One host of a rolling update (05 §8.2). */
export interface RolloutHost {
  readonly name: string;
  /** Control planes go first. */
  readonly controlPlane?: boolean;
}

export interface RolloutActions {
  /** Drain, update, verify, uncordon. */
  update(host: RolloutHost, signal?: AbortSignal): Promise<void>;
  /** The reason a host is not healthy; nothing when it is. */
  health(host: RolloutHost, signal?: AbortSignal): Promise<string | undefined>;
  rollback(host: RolloutHost): Promise<void>;
  /** Kept between runs for `--resume`: hosts that are done. */
  done?(host: RolloutHost): Promise<void>;
}

export interface RolloutOptions {
  readonly targetVersion: string;
  readonly batchSize?: number;
  /** Milliseconds between the update of a batch and its health check, default 30 s. */
  readonly interval?: number;
  /** Names of hosts an earlier run finished (`--resume`). */
  readonly finished?: readonly string[];
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

export interface RolloutResult {
  readonly strategy: 'rolling';
  readonly target_version: string;
  readonly batches: number;
  readonly status: 'completed';
  readonly completed_at: string;
}

/** Control planes first, then by name, in batches. */
export function rolloutBatches(hosts: readonly RolloutHost[], size: number): RolloutHost[][] {
  const ordered = [...hosts].sort(
    (a, b) =>
      Number(b.controlPlane ?? false) - Number(a.controlPlane ?? false) || a.name.localeCompare(b.name),
  );
  const batches: RolloutHost[][] = [];
  for (let from = 0; from < ordered.length; from += size) batches.push(ordered.slice(from, from + size));
  return batches;
}

/**
 * Updates hosts batch by batch. An unhealthy batch is rolled back and later ones are not touched.
 * @throws ProvisioningError `ROLLOUT_FAILED` naming the batch (exit 1)
 */
export async function rollOut(
  hosts: readonly RolloutHost[],
  actions: RolloutActions,
  options: RolloutOptions,
): Promise<RolloutResult> {
  const finished = new Set(options.finished ?? []);
  const batches = rolloutBatches(
    hosts.filter(({ name }) => !finished.has(name)),
    Math.max(1, options.batchSize ?? 1),
  );
  for (const [index, batch] of batches.entries()) {
    options.signal?.throwIfAborted();
    options.say?.(`Deploying to batch: ${batch.map(({ name }) => name).join(', ')}`);
    const started: RolloutHost[] = [];
    let problem: string | undefined;
    try {
      for (const host of batch) {
        started.push(host);
        await actions.update(host, options.signal);
      }
      await delay(
        options.interval ?? 30_000,
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      );
      for (const host of batch) {
        const reason = await actions.health(host, options.signal);
        if (reason !== undefined) problem ??= `${host.name}: ${reason}`;
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (problem !== undefined) {
      options.say?.('Health check failed, rolling back batch');
      for (const host of started.reverse()) await actions.rollback(host);
      throw new ProvisioningError({
        code: 'ROLLOUT_FAILED',
        message: `Rolling deployment failed at batch ${index + 1}: ${problem}`,
        hint: 'The batch was rolled back, later ones were not touched. Continue with --resume.',
        details: { batch: index + 1, hosts: batch.map(({ name }) => name) },
      });
    }
    for (const host of batch) await actions.done?.(host);
    options.say?.('Batch deployed successfully');
  }
  return {
    strategy: 'rolling',
    target_version: options.targetVersion,
    batches: batches.length,
    status: 'completed',
    completed_at: (options.now?.() ?? new Date()).toISOString(),
  };
}
