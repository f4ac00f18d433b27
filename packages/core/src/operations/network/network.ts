import {
  type Context,
  type Operation,
  ProviderError,
  type ProviderInstance,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';

const Input = Type.Object({
  provider: Type.String({ minLength: 1 }),
  /** The VPC with its subnets (05 §4.5). */
  network: Type.Object({ name: Type.String({ minLength: 1 }) }),
});

/** Creates the network of an infrastructure at one provider, or takes the one that is there under the name. */
export const networkEnsure: Operation<typeof Input, { readonly id: string; readonly created: boolean }> = {
  type: 'network.ensure',
  input: Input,

  async plan(context, input) {
    const there = await find(context, input);
    return [
      { kind: 'network', name: input.network.name, action: there === undefined ? 'create' : 'unchanged' },
    ];
  },

  async run(context, input) {
    const { created } = await context.step('look-up', async () => ({
      created: (await find(context, input)) === undefined,
    }));
    const service = await serviceOf(context, input.provider, 'network', 'network_management');
    return { ...(await service.ensure(input.network)), created };
  },

  async undo(context, { provider }, { id, created }) {
    if (created) await (await serviceOf(context, provider, 'network', 'network_management')).delete(id);
  },
};

const DeleteInput = Type.Object({
  provider: Type.String({ minLength: 1 }),
  network: Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) }),
});

/** Deletes a network. One that servers use is refused by its provider. */
export const networkDelete: Operation<typeof DeleteInput, { readonly deleted: boolean }> = {
  type: 'network.delete',
  input: DeleteInput,

  plan: async (_context, { network }) => [{ kind: 'network', name: network.name, action: 'delete' }],

  async run(context, { provider, network }) {
    const service = await serviceOf(context, provider, 'network', 'network_management');
    const there = (await service.list()).some(({ id }) => id === network.id);
    if (there) await service.delete(network.id);
    return { deleted: there };
  },
};

async function find(
  context: Context,
  { provider, network }: Static<typeof Input>,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const service = await serviceOf(context, provider, 'network', 'network_management');
  return (await service.list()).find(
    ({ name }) => name === network.name || name.endsWith(`-${network.name}`),
  );
}

type Services = 'network' | 'loadBalancer' | 'volume' | 'snapshot' | 'bucket';

/** A service of a provider. @throws ProviderError `unsupported` where the provider has none. */
export async function serviceOf<K extends Services>(
  context: Context,
  provider: string,
  service: K,
  capability: string,
): Promise<NonNullable<ProviderInstance[K]>> {
  const found = (await context.provider(provider))[service];
  if (found !== undefined) return found as NonNullable<ProviderInstance[K]>;
  throw new ProviderError({
    provider,
    operation: service,
    code: 'unsupported',
    message: `Provider '${provider}' does not support ${capability}`,
    help: 'What each one can: provisioning provider list --verbose',
  });
}
