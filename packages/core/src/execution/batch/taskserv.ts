import {
  applyDefaults,
  type Context,
  type OperationNode,
  ProvisioningError,
  type Server,
  ServerTaskserv,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { matches } from '../../plan/deploy.ts';
import { observeProviders } from '../../plan/observe.ts';
import { taskservsOf } from '../../plan/uses.ts';
import { infraPath } from '../../state/paths.ts';
import { StateFile } from '../../state/state.ts';
import { TaskservPackages } from '../../taskserv/index.ts';
import type { BatchKind } from './batch.ts';
import { definitionOf } from './definition.ts';

/** Input of `taskserv_batch` (12 §3). Without `servers`, all that exist here; with `provider`, those of it. */
export const TaskservBatchInput = Type.Object({
  taskservs: Type.Array(
    Type.Union([
      Type.String({ minLength: 1 }),
      Type.Object({
        name: Type.String({ minLength: 1 }),
        version: Type.Optional(Type.String()),
        profile: Type.Optional(Type.String()),
        config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      }),
    ]),
    { minItems: 1 },
  ),
  servers: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  action: Type.Optional(Type.Union([Type.Literal('create'), Type.Literal('delete'), Type.Literal('update')])),
  provider: Type.Optional(Type.String({ minLength: 1 })),
  cleanup_data: Type.Optional(Type.Boolean()),
});
type TaskservBatchInput = Static<typeof TaskservBatchInput>;

/** Taskservs on servers as one operation: one after another on a server, servers side by side. */
export const taskservBatch: BatchKind<typeof TaskservBatchInput> = {
  type: 'taskserv.batch',
  input: TaskservBatchInput,

  async members(context, input) {
    const targets = await targetsOf(context, input);
    const packages = new TaskservPackages();
    const infrastructure = await definitionOf(context).catch(() => undefined);
    const definition = { servers: targets, taskservs: infrastructure?.taskservs ?? {} };
    const lists = await Promise.all(
      targets.map(async (server) => {
        const own = infrastructure?.servers.find(({ hostname }) => hostname === server.hostname);
        const taskservs = input.taskservs.map((wanted) => entryOf(wanted, own));
        const uses = await taskservsOf(context, { ...server, taskservs }, definition, packages);
        return nodesOf(input, server, input.action === 'delete' ? uses.toReversed() : uses);
      }),
    );
    return lists.flat();
  },

  foresee: ({ taskservs, action = 'create' }) =>
    taskservs.map((wanted) => ({
      action,
      kind: 'taskserv',
      name: typeof wanted === 'string' ? wanted : wanted.name,
      reasons: ['on the servers there are when it runs'],
    })),

  resources: ({ servers = [] }) => servers.map((name) => `server/${name}`),
};

/** A taskserv as the batch wants it, over what the server's definition says of it. */
function entryOf(
  wanted: TaskservBatchInput['taskservs'][number],
  server: Server | undefined,
): ServerTaskserv {
  const { name, ...given } = typeof wanted === 'string' ? { name: wanted } : wanted;
  const defined = server?.taskservs.find((entry) => entry.name === name);
  const entry = { ...defined, ...given, name, enabled: true };
  applyDefaults(ServerTaskserv, entry);
  return entry as ServerTaskserv;
}

function nodesOf(
  input: TaskservBatchInput,
  { hostname, provider }: Server,
  uses: Awaited<ReturnType<typeof taskservsOf>>,
): OperationNode[] {
  const verb = input.action === 'delete' ? 'delete' : 'create';
  let previous: string | undefined;
  return uses.map(({ use, references }) => {
    const id = `${hostname}.${use.name}`;
    const node: OperationNode = {
      id,
      type: `taskserv.${verb}`,
      name: `${use.name} on ${hostname}`,
      input: {
        server: { hostname, provider },
        taskserv: use,
        references,
        ...(verb === 'delete' ? { cleanup_data: input.cleanup_data ?? false } : {}),
      },
      dependencies: previous === undefined ? [] : [previous],
      resources: [`server/${hostname}`],
    };
    previous = id;
    return node;
  });
}

/** @throws ProvisioningError `NO_SERVER`, `SERVER_NOT_FOUND` */
async function targetsOf(context: Context, input: TaskservBatchInput): Promise<Server[]> {
  const state = await new StateFile(infraPath(context)).read();
  const known = Object.values(state.servers).map(({ provider }) => provider);
  const names = input.provider === undefined ? [...new Set(known)] : [input.provider];
  const observed = [...(await observeProviders(context, names))].flatMap(([provider, { servers }]) =>
    [...servers.values()].map(({ hostname }) => ({ hostname, provider }) as Server),
  );
  const missing = (input.servers ?? []).find(
    (name) => !observed.some(({ hostname }) => matches(hostname, [name])),
  );
  if (missing !== undefined) {
    throw new ProvisioningError({
      code: 'SERVER_NOT_FOUND',
      kind: 'not-found',
      message: `Server not found: ${missing}`,
      hint: `Servers there are: ${observed.map(({ hostname }) => hostname).join(', ') || 'none'}`,
    });
  }
  const targets = observed.filter(({ hostname }) => matches(hostname, input.servers));
  if (targets.length > 0) return targets;
  throw new ProvisioningError({
    code: 'NO_SERVER',
    kind: 'usage',
    message: `There is no server${input.provider === undefined ? '' : ` of provider ${input.provider}`} in '${context.infra}'`,
    hint: 'Create servers first, or make the operation depend on the one that does',
  });
}
