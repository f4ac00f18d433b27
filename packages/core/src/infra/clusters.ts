import { Cluster, applyDefaults } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import type { ReportAt } from './network.ts';

/**
 * A cluster in its component form. The service form (`services` with images) and the main form (counts and names of
 * taskservs) become components (05 §5.1).
 */
export function completeCluster(name: string, definition: Data): Data {
  const cluster = completed(name, definition);
  written.set(cluster, definition);
  return cluster;
}

const written = new WeakMap<object, Data>();

/**
 * A completed cluster as it was written. What an infrastructure says of a cluster of an extension is merged over the
 * extension's definition, and defaults that nobody wrote must not win over it.
 */
export function writtenCluster(cluster: Data): Data {
  return written.get(cluster) ?? cluster;
}

function completed(name: string, definition: Data): Data {
  const { services, ...rest } = definition;
  const cluster: Data = structuredClone({ name, ...rest });
  const components = Array.isArray(cluster['components']) ? (cluster['components'] as unknown[]) : [];
  const fromServices = Array.isArray(services)
    ? services.map(componentOf).filter((item) => item !== undefined)
    : [];
  cluster['components'] = [...components, ...fromServices];
  applyDefaults(Cluster, cluster);
  return cluster;
}

function componentOf(service: unknown): Data | undefined {
  if (typeof service === 'string') return { name: service, type: 'taskserv', service };
  if (!isRecord(service)) return undefined;
  const { name, replicas, ...config } = service;
  return { name, type: 'application', config, resources: { replicas: replicas ?? 1 } };
}

/** Component names are unique, dependencies exist and do not go in circles. */
export function checkCluster(name: string, cluster: Data, report: ReportAt): void {
  const components = (cluster['components'] as Data[]).filter(isRecord);
  const known = new Map<string, readonly string[]>();
  components.forEach((component, index) => {
    const own = String(component['name'] ?? '');
    const at = ['clusters', name, 'components', index];
    if (own === '') report([...at, 'name'], 'Required field missing: components.name', 'MISSING_REQUIRED');
    if (known.has(own)) report([...at, 'name'], `Duplicate component: ${own}`, 'DUPLICATE_NAME');
    const dependencies = component['dependencies'];
    known.set(own, Array.isArray(dependencies) ? dependencies.map(String) : []);
  });
  components.forEach((component, index) => {
    for (const dependency of known.get(String(component['name'])) ?? []) {
      if (known.has(dependency)) continue;
      report(
        ['clusters', name, 'components', index, 'dependencies'],
        `Component dependency not found: ${dependency}`,
        'UNKNOWN_COMPONENT',
      );
    }
  });
  const cycle = findCycle(known);
  if (cycle !== undefined)
    report(['clusters', name], `Circular dependency detected: ${cycle.join(' → ')}`, 'CIRCULAR_DEPENDENCY');
}

/** The first cycle of a graph, ending with the node it began with. */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const stack: string[] = [];
  const visit = (node: string): string[] | undefined => {
    const at = stack.indexOf(node);
    if (at >= 0) return [...stack.slice(at), node];
    if (done.has(node)) return undefined;
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    stack.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
