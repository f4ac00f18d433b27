import type { Plan } from '@provisioning/core';

/** The part of a plan that concerns the selected taskservs of each server. */
export function onlySelected(plan: Plan, byServer: ReadonlyMap<string, readonly string[]>): Plan {
  const selected = (hostname: string, name: string): boolean =>
    byServer.get(hostname)?.includes(name) ?? false;
  const missing = plan.changes
    .filter(({ kind, action }) => kind === 'server' && action === 'create')
    .map(({ name }) => name);
  const nodes = plan.graph.filter(({ type, input }) => {
    const { taskserv, server } = input as {
      readonly taskserv?: { readonly name: string };
      readonly server?: { readonly hostname: string };
    };
    return type === 'taskserv.create' && selected(server?.hostname ?? '', taskserv?.name ?? '');
  });
  const ids = new Set(nodes.map(({ id }) => id));
  const previous = new Map(plan.graph.map(({ id, dependencies }) => [id, dependencies]));
  // What stood between two selected ones no longer does.
  const waits = (id: string): string[] =>
    (previous.get(id) ?? []).flatMap((one) => (ids.has(one) ? [one] : waits(one)));
  return {
    ...plan,
    changes: plan.changes.filter(({ kind, name }) => {
      const [hostname = '', taskserv = ''] = name.split('/');
      return kind === 'taskserv' && selected(hostname, taskserv);
    }),
    graph: nodes.map((node) => ({ ...node, dependencies: [...new Set(waits(node.id))] })),
    blocked: [
      ...plan.blocked,
      ...missing.map((name) => `${name} does not exist yet; create it with: provisioning deploy`),
    ],
  };
}
