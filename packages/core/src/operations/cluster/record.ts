import { join } from 'node:path';
import type { Operation } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { stringify } from 'yaml';
import { type ClusterRecord, overrideFolder, recordDefinition, updateCluster } from '../../state/clusters.ts';
import { writeFileAtomic } from '../../files/atomic.ts';

const Input = Type.Object({
  cluster: Type.String(),
  version: Type.String(),
  /** Without its secrets. */
  definition: Type.Record(Type.String(), Type.Unknown()),
  scale: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  canary_of: Type.Optional(Type.String()),
  /** It is an earlier one of the history. */
  rollback: Type.Optional(Type.Boolean()),
  /** Written over the infrastructure's own definition of the cluster, for what a promotion decided. */
  override: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** Remembers what a run of a cluster brought about: the last node of its graph, so only what succeeded is recorded. */
export const clusterRecord: Operation<typeof Input, { readonly before: ClusterRecord | null }> = {
  type: 'cluster.record',
  input: Input,

  plan: () => Promise.resolve([]),

  async run(context, input) {
    if (input.override !== undefined) {
      const file = join(overrideFolder(context), `${input.cluster}.yaml`);
      await writeFileAtomic(file, stringify(input.override), 0o644);
    }
    let before: ClusterRecord | undefined;
    await updateCluster(context, input.cluster, (record) => {
      before = record;
      return recordDefinition(record, input, new Date(context.now()).toISOString());
    });
    return { before: before ?? null };
  },

  undo: (context, { cluster }, { before }) => updateCluster(context, cluster, () => before ?? undefined),
};

const WeightInput = Type.Object({
  cluster: Type.String(),
  weight: Type.Number({ minimum: 0, maximum: 100 }),
});

/** Remembers which share of the traffic a canary has. */
export const clusterWeight: Operation<typeof WeightInput, { readonly weight: number }> = {
  type: 'cluster.weight',
  input: WeightInput,
  plan: () => Promise.resolve([]),
  async run(context, { cluster, weight }) {
    await updateCluster(context, cluster, (record) =>
      record === undefined ? undefined : { ...record, weight },
    );
    return { weight };
  },
};
