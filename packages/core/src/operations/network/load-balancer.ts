import {
  type Context,
  type LoadBalancerWish,
  type ObservedLoadBalancer,
  type Operation,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { serviceOf } from './network.ts';
import { referOf } from './targets.ts';

const Input = Type.Object({
  provider: Type.String({ minLength: 1 }),
  balancer: Type.Object({
    name: Type.String({ minLength: 1 }),
    targets: Type.Array(
      Type.Object({
        server: Type.String({ minLength: 1 }),
        weight: Type.Integer({ minimum: 0, maximum: 100 }),
      }),
    ),
    listeners: Type.Array(Type.Object({ port: Type.Integer(), target_port: Type.Optional(Type.Integer()) })),
  }),
});

/** Creates a load balancer or takes the one there is, and gives it its servers. */
export const loadBalancerEnsure: Operation<
  typeof Input,
  { readonly id: string; readonly address: string | null; readonly created: boolean }
> = {
  type: 'load-balancer.ensure',
  input: Input,

  async plan(context, input) {
    const { balancer } = input;
    const base = { kind: 'load-balancer', name: balancer.name } as const;
    const there = await find(context, input);
    if (there === undefined) return [{ ...base, action: 'create' }];
    // Which servers it has, no provider tells: they are given again, which changes nothing where they are the same.
    if (there === 'unknown') return [{ ...base, action: 'update', reasons: ['created or reused'] }];
    const missing = balancer.listeners.map(({ port }) => port).filter((port) => !there.ports.includes(port));
    return [
      {
        ...base,
        action: 'update',
        reasons: [
          ...missing.map((port) => `port ${port} is missing`),
          `servers: ${balancer.targets.map(({ server }) => server).join(', ')}`,
        ],
      },
    ];
  },

  async run(context, input) {
    const { provider, balancer } = input;
    const { targets, listeners, ...rest } = balancer;
    const { created } = await context.step('look-up', async () => ({
      created: (await find(context, input)) === undefined,
    }));
    const service = await serviceOf(context, provider, 'loadBalancer', 'load_balancer');
    const wish: LoadBalancerWish = {
      ...rest,
      listeners: listeners.map(({ port, target_port: target = port, ...more }) => ({
        ...more,
        port,
        target_port: target,
      })),
    };
    // Before anything is made: what names a server that is not there leaves nothing behind.
    const servers = await referOf(context, targets);
    const { id, address } = await service.ensure(wish);
    await service.setTargets(id, servers);
    return { id, address, created };
  },

  async undo(context, { provider }, { id, created }) {
    if (created) await (await serviceOf(context, provider, 'loadBalancer', 'load_balancer')).delete(id);
  },

  resources: ({ balancer }) => [`load-balancer/${balancer.name}`],
};

const DeleteInput = Type.Object({
  provider: Type.String({ minLength: 1 }),
  'load-balancer': Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) }),
});

/** Deletes a load balancer; its servers stay. */
export const loadBalancerDelete: Operation<typeof DeleteInput, { readonly deleted: boolean }> = {
  type: 'load-balancer.delete',
  input: DeleteInput,

  plan: async (_context, { 'load-balancer': { name } }) => [
    { kind: 'load-balancer', name, action: 'delete' },
  ],

  async run(context, { provider, 'load-balancer': { id } }) {
    const service = await serviceOf(context, provider, 'loadBalancer', 'load_balancer');
    const there = service.list === undefined || (await service.list()).some((one) => one.id === id);
    if (there) await service.delete(id);
    return { deleted: there };
  },

  resources: ({ 'load-balancer': { name } }) => [`load-balancer/${name}`],
};

async function find(
  context: Context,
  { provider, balancer }: Static<typeof Input>,
): Promise<ObservedLoadBalancer | 'unknown' | undefined> {
  const service = await serviceOf(context, provider, 'loadBalancer', 'load_balancer');
  if (service.list === undefined) return 'unknown';
  return (await service.list()).find(({ name }) => name === balancer.name);
}
