import type { Change, Context, DnsEntry, OperationNode, Server } from '@provisioning/extensions-sdk';
import { dnsEnsure, fullName } from '../operations/dns/record.ts';

/** DNS entries of a plan. */
export interface PlannedRecords {
  readonly changes: readonly Change[];
  readonly graph: readonly OperationNode[];
}

/**
 * What is to be done about DNS entries: those of the chosen servers, and the others when all are chosen. An entry waits
 * for its target, whose address it gets (06 §5.3).
 * @param options.ask without it nothing is asked of a provider, and every entry counts as new.
 * @param moving nodes by hostname of servers that may have another address afterwards.
 */
export async function planRecords(
  context: Context,
  defined: { readonly servers: readonly Server[]; readonly dns?: readonly DnsEntry[] },
  chosen: readonly Server[],
  moving: ReadonlyMap<string, string>,
  options: { readonly ask: boolean } = { ask: true },
): Promise<PlannedRecords> {
  const hostnames = new Set(chosen.map(({ hostname }) => hostname));
  const records = (defined.dns ?? []).filter(({ target }) =>
    target === undefined ? chosen.length === defined.servers.length : hostnames.has(target),
  );
  const planned = await Promise.all(
    records.map(async (record) => {
      const input = inputOf(record, defined.servers);
      const waits = record.target === undefined ? undefined : moving.get(record.target);
      const unknown: Change = { action: 'create', kind: 'dns', name: fullName(record) };
      const [change] = options.ask ? await dnsEnsure.plan(context, input) : [unknown];
      const node: OperationNode = {
        id: nodeId('dns', record),
        type: dnsEnsure.type,
        name: fullName(record),
        input,
        dependencies: waits === undefined ? [] : [waits],
      };
      // The address may stay what it is; that shows when the server is there.
      return { change: change!, node, needed: change!.action !== 'unchanged' || waits !== undefined };
    }),
  );
  return {
    changes: planned.map(({ change }) => change),
    graph: planned.filter(({ needed }) => needed).map(({ node }) => node),
  };
}

/** Deletion of the entries of servers that go. */
export function recordDeletions(
  dns: readonly DnsEntry[],
  servers: readonly Server[],
  gone: ReadonlySet<string>,
): PlannedRecords {
  const records = dns.filter(({ target }) => target === undefined || gone.has(target));
  return {
    changes: records.map((record) => ({ action: 'delete', kind: 'dns', name: fullName(record) })),
    graph: records.map((record) => ({
      id: nodeId('delete-dns', record),
      type: 'dns.delete',
      name: fullName(record),
      input: inputOf(record, servers),
      dependencies: [],
    })),
  };
}

function inputOf(record: DnsEntry, servers: readonly Server[]) {
  const target = servers.find(({ hostname }) => hostname === record.target);
  return { record, ...(target === undefined ? {} : { target_provider: target.provider }) };
}

function nodeId(prefix: string, record: DnsEntry): string {
  return `${prefix}-${record.type}-${fullName(record).replaceAll('*', 'any')}`.slice(0, 64);
}
