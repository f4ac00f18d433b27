import type { Context, ObservedBucket, Operation } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { serviceOf } from '../network/network.ts';

const Input = Type.Object({
  provider: Type.String({ minLength: 1 }),
  bucket: Type.Object({
    name: Type.String({ minLength: 1 }),
    region: Type.Optional(Type.String()),
    versioning: Type.Optional(Type.Boolean()),
    encryption: Type.Optional(Type.String()),
  }),
});

/** Creates a bucket (05 §4.6), or brings the infrastructure's own of that name to its definition. */
export const bucketEnsure: Operation<typeof Input, { readonly id: string; readonly created: boolean }> = {
  type: 'bucket.ensure',
  input: Input,

  async plan(context, input) {
    const { bucket } = input;
    const base = { kind: 'bucket', name: bucket.name } as const;
    const there = await find(context, input);
    if (there === undefined) return [{ ...base, action: 'create' }];
    if (there === 'unknown') return [{ ...base, action: 'update', reasons: ['created or reused'] }];
    const attributes = (['versioning', 'encryption'] as const)
      .filter((key) => bucket[key] !== undefined && there[key] !== undefined && there[key] !== bucket[key])
      .map((key) => ({ attribute: key, before: String(there[key]), after: String(bucket[key]) }));
    return [
      attributes.length === 0 ? { ...base, action: 'unchanged' } : { ...base, action: 'update', attributes },
    ];
  },

  async run(context, input) {
    const { created } = await context.step('look-up', async () => ({
      created: (await find(context, input)) === undefined,
    }));
    const service = await serviceOf(context, input.provider, 'bucket', 'storage_management');
    const { id } = await service.ensure(input.bucket);
    return { id, created };
  },

  async undo(context, { provider }, { id, created }) {
    if (created) await (await serviceOf(context, provider, 'bucket', 'storage_management')).delete(id);
  },

  resources: ({ bucket }) => [`bucket/${bucket.name}`],
};

const DeleteInput = Type.Object({
  provider: Type.String({ minLength: 1 }),
  bucket: Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) }),
});

/** Deletes an empty bucket; one with objects is refused by its provider. */
export const bucketDelete: Operation<typeof DeleteInput, { readonly deleted: boolean }> = {
  type: 'bucket.delete',
  input: DeleteInput,

  plan: async (_context, { bucket }) => [{ kind: 'bucket', name: bucket.name, action: 'delete' }],

  async run(context, { provider, bucket }) {
    const service = await serviceOf(context, provider, 'bucket', 'storage_management');
    const there = service.list === undefined || (await service.list()).some(({ id }) => id === bucket.id);
    if (there) await service.delete(bucket.id);
    return { deleted: there };
  },

  resources: ({ bucket }) => [`bucket/${bucket.name}`],
};

async function find(
  context: Context,
  { provider, bucket }: Static<typeof Input>,
): Promise<ObservedBucket | 'unknown' | undefined> {
  const service = await serviceOf(context, provider, 'bucket', 'storage_management');
  if (service.list === undefined) return 'unknown';
  return (await service.list()).find(({ name }) => name === bucket.name);
}
