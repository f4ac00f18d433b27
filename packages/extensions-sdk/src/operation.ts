import type { Static, TSchema } from 'typebox';
import type { ProviderInstance, ProviderMetadata, ProviderSchemas } from './provider.ts';
import type { Transports } from './transport.ts';

/** What a change does to one resource. `unchanged` entries are listed so that a plan shows the whole picture. */
export type ChangeAction = 'create' | 'update' | 'replace' | 'delete' | 'unchanged';

/** One attribute that differs. Values of secrets are never put here. */
export interface AttributeChange {
  readonly attribute: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One line of a plan. */
export interface Change {
  readonly action: ChangeAction;
  readonly kind:
    'server' | 'taskserv' | 'cluster' | 'network' | 'load-balancer' | 'volume' | 'bucket' | 'dns';
  /** Name of the resource: `web-01`, or `web-01/haproxy` for a taskserv on a server. */
  readonly name: string;
  readonly attributes?: readonly AttributeChange[];
  /** Why, when it is not obvious: `service redis-server is not running` (drift). */
  readonly reasons?: readonly string[];
  /** True when the difference was made outside (by hand, by a crash), not by a new definition. */
  readonly drift?: boolean;
}

/** Progress of an operation; the orchestrator journals and streams it, the CLI draws it. */
export type Progress =
  | {
      readonly type: 'step';
      readonly step: string;
      readonly state: 'started' | 'done' | 'skipped' | 'failed';
    }
  | { readonly type: 'percent'; readonly percent: number; readonly message?: string }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };

/** What an operation may use. Nothing else: no process environment, no clock, no global state. */
export interface Context {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  readonly environment: string;
  /** Resolved configuration by dotted path; `undefined` when nothing sets it. */
  config(path: string): unknown;
  /** The initialised provider. @throws ProvisioningError `PROVIDER_NOT_FOUND`. */
  provider(name: string): Promise<ProviderInstance>;
  /** What the provider says of itself, without initialising it. */
  providerMetadata(name: string): Promise<ProviderMetadata>;
  /** What the provider's settings and those in servers (`servers[].<p>`) are held to; absent: nothing is. */
  providerSchemas?(name: string): Promise<ProviderSchemas>;
  /**
   * Fields of every server of a provider that does not say otherwise: what the extension ships, beneath what the
   * configuration says of the provider (05 §2.1.5). Its code is not loaded for this.
   */
  serverDefaults(provider: string): Promise<Record<string, unknown>>;
  /** `providers.<p>` with what templates and the infrastructure say of it; without it `config` is all there is. */
  providerSettings?(provider: string): Promise<Record<string, unknown>>;
  readonly transports: Transports;
  /** Folder of an extension: `extension('taskserv', 'redis')`. @throws ProvisioningError `TASKSERV_NOT_FOUND` and the like. */
  extension(kind: 'provider' | 'taskserv' | 'cluster', name: string): Promise<string>;
  report(progress: Progress): void;
  readonly signal: AbortSignal;
  /** The same for every attempt of the same operation of the same workflow. */
  readonly idempotencyKey: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * A durable step: under the orchestrator its result is journalled, and a replay returns it without calling `work`
   * again. Run directly it just calls `work`. The result must be JSON.
   */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/**
 * A unit of work with a plan and a compensation. The CLI runs it directly; the orchestrator runs the same object
 * durably (ARCHITECTURE "The idea").
 */
export interface Operation<I extends TSchema = TSchema, O = unknown> {
  /** Dotted name: `server.create`. */
  readonly type: string;
  /** Validated before anything runs. */
  readonly input: I;
  /** What `--check` prints. Changes nothing. */
  plan(context: Context, input: Static<I>): Promise<readonly Change[]>;
  /** Brings the resource to the wished state. Idempotent under `context.idempotencyKey`. */
  run(context: Context, input: Static<I>): Promise<O>;
  /** Compensation for a rollback; absent when there is nothing to undo. */
  undo?(context: Context, input: Static<I>, output: O): Promise<void>;
  /**
   * What a run that did not come to its end has done, told by the results of its finished steps, so that it can be undone
   * too (12 §9); `undefined` when that is nothing.
   */
  partial?(input: Static<I>, steps: ReadonlyMap<string, unknown>): O | undefined;
  /** Resources it changes, for locks, where the one who submits it names none: `server/web-01`. */
  resources?(input: Static<I>): readonly string[];
}

/** One node of a workflow graph. `input` is JSON and carries everything the operation needs. */
export interface OperationNode {
  /** Unique in the graph, `^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$` (12 §2). */
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly input: unknown;
  readonly dependencies: readonly string[];
  /** Resources it changes, for locks: `server/web-01`. */
  readonly resources?: readonly string[];
}
