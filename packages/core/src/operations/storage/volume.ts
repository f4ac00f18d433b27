import type { Context, Operation } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { serviceOf } from '../network/network.ts';

const Input = Type.Object({
  provider: Type.String({ minLength: 1 }),
  volume: Type.Object({
    name: Type.String({ minLength: 1 }),
    size: Type.Number({ minimum: 1 }),
    type: Type.Optional(Type.String()),
  }),
  /** Server it is attached to. */
  server: Type.Optional(Type.String()),
});

/** Creates a volume of the infrastructure (05 §4.6), or takes the one there is; it grows, it never shrinks. */
export const volumeEnsure: Operation<typeof Input, { readonly id: string; readonly created: boolean }> = {
  type: 'volume.ensure',
  input: Input,

  async plan(context, input) {
    const { volume, server } = input;
    const there = await find(context, input);
    const base = { kind: 'volume', name: volume.name } as const;
    if (there === undefined) return [{ ...base, action: 'create' }];
    const attributes = [
      ...(there.size < volume.size
        ? [{ attribute: 'size', before: `${there.size} GB`, after: `${volume.size} GB` }]
        : []),
      ...(server !== undefined && there.attached_to !== server
        ? [{ attribute: 'server', before: there.attached_to ?? '', after: server }]
        : []),
    ];
    return attributes.length === 0
      ? [{ ...base, action: 'unchanged' }]
      : [{ ...base, action: 'update', attributes }];
  },

  async run(context, input) {
    const { provider, volume, server } = input;
    const { created } = await context.step('look-up', async () => ({
      created: (await find(context, input)) === undefined,
    }));
    const service = await serviceOf(context, provider, 'volume', 'storage_management');
    const { id } = await service.ensure(volume);
    const there = await find(context, input);
    if (there !== undefined && there.size < volume.size) await service.resize(id, volume.size);
    if (server !== undefined && there?.attached_to !== server) {
      if (there?.attached_to !== undefined) await service.detach(id);
      await service.attach(id, { hostname: server });
    }
    return { id, created };
  },

  async undo(context, { provider, server }, { id, created }) {
    if (!created) return;
    const service = await serviceOf(context, provider, 'volume', 'storage_management');
    if (server !== undefined) await service.detach(id);
    await service.delete(id);
  },

  resources: ({ server }) => (server === undefined ? [] : [`server/${server}`]),
};

const DeleteInput = Type.Object({
  provider: Type.String({ minLength: 1 }),
  volume: Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) }),
});

/** Deletes a volume with what is on it. One that a server uses is detached by nobody: the provider refuses. */
export const volumeDelete: Operation<typeof DeleteInput, { readonly deleted: boolean }> = {
  type: 'volume.delete',
  input: DeleteInput,

  plan: async (_context, { volume }) => [{ kind: 'volume', name: volume.name, action: 'delete' }],

  async run(context, { provider, volume }) {
    const service = await serviceOf(context, provider, 'volume', 'storage_management');
    const there = (await service.list()).some(({ id }) => id === volume.id);
    if (there) await service.delete(volume.id);
    return { deleted: there };
  },

  resources: ({ volume }) => [`volume/${volume.name}`],
};

/** Whether a provider's volume is the one of that name: where names are of the whole account, the infrastructure leads. */
export function isVolume(name: string, wanted: string, infra: string): boolean {
  return name === wanted || name === `${infra}-${wanted}`;
}

async function find(context: Context, { provider, volume }: Static<typeof Input>) {
  const service = await serviceOf(context, provider, 'volume', 'storage_management');
  const there = (await service.list()).find(({ name }) => isVolume(name, volume.name, context.infra));
  const { category } = await context.providerMetadata(provider);
  // Volumes of this machine have no limit: they are as large as the disk below them.
  return there === undefined || category === 'cloud' ? there : { ...there, size: volume.size };
}
