import { type LinkedModules, processSurroundings, type Surroundings } from '@provisioning/core';
import type { Logger } from '@provisioning/service-kit';
import { type PlanDefaults, planDefaults } from '../engine/plan.ts';
import { CommandExecutor } from '../execution/command-executor.ts';
import { CoreExecutor } from '../execution/core-executor.ts';
import type { Executor } from '../execution/executor.ts';
import { Executors } from '../execution/executors.ts';
import { joinExecutor } from '../execution/join-executor.ts';
import type { TaskTokens } from '../execution/task-tokens.ts';
import type { Settings } from '../settings/settings.ts';

/** Where a program of the orchestrator runs. */
export interface ProgramOptions {
  readonly settings: Settings;
  /** Where the program is installed; extensions are found from there. */
  readonly moduleUrl: string;
  /** The user's folders and environment; default those of the process. */
  readonly surroundings?: Surroundings;
  /** Linked extensions that are being written. */
  readonly linked?: LinkedModules;
}

/** The operations of the product, and commands where they are allowed. */
export function productExecutor(
  options: ProgramOptions,
  logger: Logger,
  endpoint: () => string,
  tokens?: TaskTokens,
): Executor {
  const { settings, moduleUrl, linked } = options;
  const surroundings = surroundingsOf(options);
  const { allow_commands, cancel_grace_seconds } = settings.executor;
  return new Executors([
    new CoreExecutor({
      surroundings,
      moduleUrls: [moduleUrl],
      log: (level, message) => logger[level](message),
      linked,
    }),
    joinExecutor,
    new CommandExecutor({
      allowed: allow_commands ?? settings.mode === 'solo',
      grace: Math.max(0, cancel_grace_seconds * 1000 - 500),
      endpoint,
      environment: surroundings.env,
      ...(tokens && { tokens }),
    }),
  ]);
}

export function surroundingsOf({
  surroundings,
  moduleUrl,
}: Pick<ProgramOptions, 'surroundings' | 'moduleUrl'>): Surroundings {
  return surroundings ?? processSurroundings(new URL('..', moduleUrl).pathname);
}

/** Values for what submitted workflows leave open. */
export function planDefaultsOf({ queue, batch, rollback }: Settings): PlanDefaults {
  return {
    retry: {
      ...planDefaults.retry,
      max_attempts: Math.max(1, queue.retry_attempts),
      initial_delay_seconds: queue.retry_delay_seconds,
    },
    timeoutSeconds: queue.task_timeout_minutes * 60,
    parallelLimit: batch.parallel_limit,
    workflowTimeoutSeconds: batch.timeout_seconds,
    rollbackEnabled: rollback.enabled,
  };
}
