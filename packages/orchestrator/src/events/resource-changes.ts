import type { PlannedOperation } from '../engine/plan.ts';
import { serversOf } from '../quotas/claims.ts';

/** A resource that came to be, or is gone. */
export interface ResourceChange {
  readonly event_type: 'ResourceCreated' | 'ResourceDeleted';
  readonly data: {
    readonly provider: string | undefined;
    readonly resource_type: 'server' | 'taskserv';
    /** Hostname; of a taskserv `<hostname>/<name>`. */
    readonly resource_id: string;
  };
}

interface TaskservInput {
  readonly server?: { readonly hostname?: string; readonly provider?: string };
  readonly taskserv?: { readonly name?: string };
}

/** What the end of an operation means for resources (12 §13). @param undone its compensation has ended */
export function resourceChanges(
  { type, input, provider }: PlannedOperation,
  undone: boolean,
): ResourceChange[] {
  const change = (
    verb: 'create' | 'delete',
    resource_type: 'server' | 'taskserv',
    resource_id: string,
    own: string | undefined,
  ): ResourceChange => ({
    event_type: (verb === 'create') === undone ? 'ResourceDeleted' : 'ResourceCreated',
    data: { provider: own ?? provider, resource_type, resource_id },
  });
  // What was deleted does not come back by a compensation.
  const verbs = undone ? (['create'] as const) : (['create', 'delete'] as const);
  return verbs.flatMap((verb) => {
    const servers = serversOf(type, input, verb).map(({ hostname, provider: own }) =>
      change(verb, 'server', String(hostname), own as string | undefined),
    );
    if (type !== `taskserv.${verb}`) return servers;
    const { server, taskserv } = input as TaskservInput;
    if (server?.hostname === undefined || taskserv?.name === undefined) return servers;
    return [change(verb, 'taskserv', `${server.hostname}/${taskserv.name}`, server.provider)];
  });
}
