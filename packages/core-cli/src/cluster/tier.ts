import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * The component to scale: the named one, or the only one that can be scaled.
 * @throws ProvisioningError `CLUSTER_TIER`, exit 2.
 */
export function scalableComponent({ name, components }: Cluster, wanted: string | undefined): string {
  const names = components
    .filter(({ scaling, enabled }) => enabled !== false && scaling !== undefined)
    .map((component) => component.name);
  const chosen = wanted ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw new ProvisioningError({
    code: 'CLUSTER_TIER',
    kind: 'usage',
    message:
      names.length === 0
        ? `No component of ${name} can be scaled`
        : wanted === undefined
          ? `Name a component with --component: ${names.join(', ')}`
          : `Invalid tier: ${wanted}. Valid options: ${names.join(', ')}`,
    hint: 'A component can be scaled when its definition says so: scaling = { horizontal = true }.',
  });
}
