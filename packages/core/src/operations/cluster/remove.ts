import { type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { forgetComponent } from '../../state/clusters.ts';
import { ComponentInput } from './component.ts';
import { kindOf, placeOf } from './parts/index.ts';

export const ComponentRemoveInput = Type.Object({
  ...ComponentInput.properties,
  /** A failure is a warning, and the next component follows. */
  force: Type.Boolean({ default: false }),
  cleanup_data: Type.Boolean({ default: false }),
  /** It stays elsewhere: fewer servers have it from now on. */
  scale_down: Type.Boolean({ default: false }),
});

export interface ComponentRemoval {
  readonly component: string;
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
}

/** Removes one component of a cluster from its places; data stays unless asked for (07 §10.3). */
export const clusterComponentRemove: Operation<typeof ComponentRemoveInput, ComponentRemoval> = {
  type: 'cluster.component.remove',
  input: ComponentRemoveInput,

  plan: async (_context, { cluster, component }) => [
    { action: 'delete', kind: 'cluster', name: `${cluster}/${component}` },
  ],

  async run(context, input) {
    const { cluster, component, parts, force, cleanup_data: cleanupData } = input;
    const removed: string[] = [];
    const warnings: string[] = [];
    for (const part of parts) {
      const place = placeOf(part);
      try {
        warnings.push(...(await kindOf(part).remove(context, part, { cleanupData, force })));
        removed.push(place);
      } catch (thrown) {
        const cause = ProvisioningError.from(thrown);
        if (!force) {
          throw new ProvisioningError({
            ...cause.toJSON(),
            code: 'CLUSTER_REMOVAL_FAILED',
            message: `Component removal failed: ${component}: ${cause.message}`,
            hint: 'Repair it and delete again, or use --force.',
            cause,
          });
        }
        const message = `Warning: Failed to remove service ${component} from ${place}: ${cause.message}`;
        context.report({ type: 'log', level: 'warn', message });
        warnings.push(message);
      }
    }
    if (!input.scale_down) await forgetComponent(context, cluster, component);
    return { component, removed, warnings };
  },
};
