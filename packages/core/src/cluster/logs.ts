import type { Cluster, Context } from '@provisioning/extensions-sdk';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/index.ts';
import { unitOf } from '../operations/cluster/parts/container.ts';
import { type Part, placeOf } from '../operations/cluster/parts/part.ts';
import { prepareTaskserv } from '../taskserv/index.ts';
import { asRoot, openHost } from '../taskserv/host.ts';
import { shellQuote } from '../transport/remote-command.ts';
import { partsOf } from './component-parts.ts';
import { clusterScope, deployedScope } from './scope.ts';
import { readClusters } from '../state/clusters.ts';

export interface ClusterLogOptions {
  /** Only this component. */
  readonly component?: string;
  /** Lines of each source. */
  readonly tail: number;
  /** Goes on until the context's signal. */
  readonly follow: boolean;
  readonly onLine: (source: { readonly component: string; readonly server: string }, line: string) => void;
}

/**
 * Log lines of the components of a cluster: the journal of their units, or what their pods print (07 §10.4).
 * @throws ProvisioningError `CLUSTER_COMPONENT_UNKNOWN`, exit 5.
 */
export async function clusterLogs(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  options: ClusterLogOptions,
): Promise<void> {
  const clusters = await readClusters(context);
  const scope =
    deployedScope(context, infrastructure, cluster, clusters) ??
    clusterScope(context, infrastructure, cluster, clusters);
  const chosen = scope.components.filter(
    ({ name }) => options.component === undefined || name === options.component,
  );
  if (chosen.length === 0) {
    throw new ProvisioningError({
      code: 'CLUSTER_COMPONENT_UNKNOWN',
      kind: 'not-found',
      message: `Cluster ${cluster.name} has no component '${options.component ?? ''}'`,
      hint: `Components: ${scope.components.map(({ name }) => name).join(', ')}`,
    });
  }
  const sources = await Promise.all(
    chosen.map(async ({ name }) => {
      const component = scope.components.find((one) => one.name === name)!;
      return (await partsOf(scope, component)).map((part) => ({ component: name, part }));
    }),
  );
  const read = ({ component, part }: { component: string; part: Part }) =>
    readLog(context, part, options, (line) => options.onLine({ component, server: placeOf(part) }, line));
  if (options.follow) await Promise.all(sources.flat().map(read));
  // One after another, so that the lines of a source stay together.
  else for (const source of sources.flat()) await read(source);
}

async function readLog(
  context: Context,
  part: Part,
  { tail, follow }: ClusterLogOptions,
  onLine: (line: string) => void,
): Promise<void> {
  const command = await logCommand(context, part, tail, follow);
  if (command === undefined || part.kind === 'resource') return;
  const target = { hostname: part.server.hostname, provider: part.server.provider };
  const { transport, access } = await openHost(context, target);
  const run = await transport.run(`${asRoot(access)}${command}`, {
    signal: context.signal,
    onLine: (line, stream) => {
      if (stream === 'stdout') onLine(line);
    },
  });
  if (run.code === 0 || context.signal.aborted) return;
  throw new ProvisioningError({
    code: 'LOGS_FAILED',
    message: `No log of ${target.hostname}: ${run.stderr.trim().split('\n').at(-1) ?? `exit ${run.code}`}`,
    hint: `Look at it with: provisioning server ssh ${target.hostname}`,
  });
}

async function logCommand(
  context: Context,
  part: Part,
  tail: number,
  follow: boolean,
): Promise<string | undefined> {
  const flags = `-n ${tail}${follow ? ' -f' : ''}`;
  if (part.kind === 'kubernetes') {
    const lines = `--tail=${tail}${follow ? ' -f' : ''}`;
    return `kubectl logs deployment/${shellQuote(part.name)} -n ${shellQuote(part.namespace)} ${lines}`;
  }
  if (part.kind === 'container') return `journalctl -q --no-pager -o short-iso -u ${unitOf(part)} ${flags}`;
  if (part.kind !== 'taskserv') return undefined;
  const { units } = await prepareTaskserv(context, part.server, part.taskserv, {
    references: part.references,
  });
  if (units.length === 0) return undefined;
  return `journalctl -q --no-pager -o short-iso ${units.map((unit) => `-u ${shellQuote(unit)}`).join(' ')} ${flags}`;
}
