import { type Component, ProvisioningError } from '@provisioning/extensions-sdk';
import { findCycle } from '../infra/clusters.ts';

/**
 * Enabled components in layers: each layer depends only on those before it (07 §10.2.4).
 * @throws ProvisioningError `CLUSTER_COMPONENT_UNKNOWN`, `CLUSTER_CYCLE`.
 */
export function componentLayers(components: readonly Component[]): Component[][] {
  const enabled = components.filter((component) => component.enabled !== false);
  const all = new Set(components.map(({ name }) => name));
  const names = new Set(enabled.map(({ name }) => name));
  const needs = new Map<string, readonly string[]>();
  for (const { name, dependencies } of enabled) {
    for (const dependency of dependencies) {
      if (all.has(dependency)) continue;
      throw invalid(
        'CLUSTER_COMPONENT_UNKNOWN',
        `Component '${name}' depends on unknown component '${dependency}'`,
      );
    }
    // What waits for a component that is switched off waits for nothing.
    needs.set(
      name,
      dependencies.filter((dependency) => names.has(dependency)),
    );
  }
  const layers: Component[][] = [];
  const done = new Set<string>();
  while (done.size < enabled.length) {
    const ready = enabled.filter(
      ({ name }) => !done.has(name) && needs.get(name)!.every((dependency) => done.has(dependency)),
    );
    if (ready.length === 0) {
      const cycle = findCycle(needs);
      const path = cycle === undefined ? '' : `: ${cycle.join(' → ')}`;
      throw invalid('CLUSTER_CYCLE', `Circular dependency detected in cluster components${path}`);
    }
    layers.push(ready);
    for (const { name } of ready) done.add(name);
  }
  return layers;
}

function invalid(code: string, message: string): ProvisioningError {
  return new ProvisioningError({ code, kind: 'configuration', message });
}
