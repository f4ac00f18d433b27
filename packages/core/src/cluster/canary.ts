import { type Cluster, type Component, ProvisioningError } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/index.ts';
import type { ClusterRecord } from '../state/clusters.ts';

const ending = '-canary';

/** The cluster that one tries a new version of. */
export function canaryOf(cluster: Cluster): string | undefined {
  const main = cluster['canary_of'];
  return typeof main === 'string' ? main : undefined;
}

/** `web` of `web-canary`. */
export function mainOfName(name: string): string | undefined {
  return name.endsWith(ending) && name.length > ending.length ? name.slice(0, -ending.length) : undefined;
}

/**
 * The canary of a cluster: its components that can be scaled, and those that are on every server and that these need
 * there. What exists once, such as a database or the load balancer, is the main cluster's (05 §8.4).
 */
export function canaryDefinition(main: Cluster, name: string): Cluster {
  const byName = new Map(main.components.map((component) => [component.name, component]));
  const scalable = main.components.filter(({ scaling }) => scaling !== undefined);
  const kept = new Map<string, Component>();
  const keep = (component: Component): void => {
    if (kept.has(component.name)) return;
    kept.set(component.name, component);
    for (const dependency of component.dependencies) {
      const found = byName.get(dependency);
      if (found !== undefined && isEverywhere(found)) keep(found);
    }
  };
  for (const component of scalable.length > 0 ? scalable : main.components) keep(component);
  const components = main.components
    .filter(({ name: component }) => kept.has(component))
    .map((component) => ({
      ...component,
      dependencies: component.dependencies.filter((dependency) => kept.has(dependency)),
    }));
  return { ...main, name, components, canary_of: main.name };
}

function isEverywhere(component: Component): boolean {
  const servers = (component as { servers?: unknown }).servers;
  return (
    component.type === 'taskserv' && component.resources?.replicas === undefined && servers === undefined
  );
}

/**
 * Servers for a canary: those that none of the main cluster's scalable components is on.
 * @throws ProvisioningError `CLUSTER_REQUIREMENTS`.
 */
export function freeServers(
  infrastructure: Infrastructure,
  canary: Cluster,
  clusters: Readonly<Record<string, ClusterRecord>>,
  scale: Readonly<Record<string, number>>,
): readonly string[] {
  const main = clusters[canaryOf(canary) ?? ''];
  const scalable = new Set(
    canary.components.filter(({ scaling }) => scaling !== undefined).map(({ name }) => name),
  );
  const taken = new Set(
    main?.components.filter(({ component }) => scalable.has(component)).flatMap(({ servers }) => servers),
  );
  const wished = Math.max(1, ...Object.values(scale));
  const free = infrastructure.servers
    .map(({ hostname }) => hostname)
    .filter((hostname) => !taken.has(hostname));
  if (free.length >= wished) return free.slice(0, wished);
  throw new ProvisioningError({
    code: 'CLUSTER_REQUIREMENTS',
    message: `Cluster requirements not met: ${canary.name} needs ${wished} servers beside those of ${main?.cluster ?? 'its cluster'}, found ${free.length}`,
    hint: `Add a server, or scale the main cluster down: provisioning cluster scale ${main?.cluster ?? ''} --replicas N`,
  });
}

/** A main cluster with the versions and settings that its canary has tried. */
export function promoted(main: Cluster, canary: Cluster): Cluster {
  const tried = new Map(canary.components.map((component) => [component.name, component]));
  const components = main.components.map((component) => {
    const other = tried.get(component.name);
    if (other === undefined) return component;
    const { version, config, service } = other;
    return {
      ...component,
      config,
      ...(version === undefined ? {} : { version }),
      ...(service === undefined ? {} : { service }),
    };
  });
  return { ...main, version: canary.version, components };
}
