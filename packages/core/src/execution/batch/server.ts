import {
  type Context,
  type OperationNode,
  ProvisioningError,
  type Server,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import type { Document } from '../../config/document.ts';
import { throwIssues } from '../../config/issues.ts';
import { completeServers, expandServers, type ServerEntry } from '../../infra/servers.ts';
import { canonicalServer } from '../../infra/server-aliases.ts';
import { type Compliance, validateServers } from '../../infra/validate-servers.ts';
import { deletionNode, matches, planDeploy } from '../../plan/deploy.ts';
import type { BatchKind } from './batch.ts';
import { definitionOf } from './definition.ts';

/** Input of `server_batch` (12 §3): servers as they are written in a definition, or names (globs) of defined ones. */
export const ServerBatchInput = Type.Object({
  server_configs: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
  servers: Type.Optional(
    Type.Array(Type.Union([Type.String({ minLength: 1 }), Type.Record(Type.String(), Type.Unknown())])),
  ),
  action: Type.Optional(
    Type.Union([
      Type.Literal('create'),
      Type.Literal('delete'),
      Type.Literal('update'),
      Type.Literal('start'),
      Type.Literal('stop'),
      Type.Literal('restart'),
      Type.Literal('resize'),
    ]),
  ),
  provider: Type.Optional(Type.String({ minLength: 1 })),
  /** The new plan, for `resize`. */
  plan: Type.Optional(Type.String({ minLength: 1 })),
  keep_storage: Type.Optional(Type.Boolean()),
  force: Type.Optional(Type.Boolean()),
});
type ServerBatchInput = Static<typeof ServerBatchInput>;

/** Many servers as one operation: created, changed, deleted or switched side by side. */
export const serverBatch: BatchKind<typeof ServerBatchInput> = {
  type: 'server.batch',
  input: ServerBatchInput,

  async members(context, input) {
    const { action = 'create' } = input;
    const servers = await serversOf(context, input);
    if (action === 'delete') {
      return servers.map(({ hostname, provider, lock }) => {
        const node = deletionNode(hostname, provider, input.keep_storage);
        return {
          ...node,
          input: { ...(node.input as object), server: { hostname, provider, lock }, force: input.force },
        };
      });
    }
    if (action === 'start' || action === 'stop' || action === 'restart')
      return servers.map((server) => powerNode(action, server, input.force ?? false));
    const wished =
      input.plan === undefined ? servers : servers.map((server) => ({ ...server, plan: input.plan! }));
    const plan = await planDeploy(
      context,
      { name: context.infra, environment: context.environment, servers: wished, taskservs: {} },
      { targets: servers.map(({ hostname }) => hostname), serversOnly: true, keepUndefined: true },
    );
    if (plan.blocked.length > 0) {
      throw new ProvisioningError({
        code: 'PLAN_BLOCKED',
        kind: 'conflict',
        message: `The batch cannot be carried out: ${plan.blocked.join('; ')}`,
      });
    }
    return plan.graph;
  },

  foresee: (input) =>
    namesOf(input).map((name) => ({
      action: 'create',
      kind: 'server',
      name,
      reasons: ['planned when it runs'],
    })),

  resources: (input) => namesOf(input).map((name) => `server/${name}`),
};

function namesOf(input: ServerBatchInput): string[] {
  const { configs, names = [] } = split(input);
  const written = configs.map((config) => canonicalServer(config)['hostname']);
  return [...written.filter((name) => typeof name === 'string'), ...names];
}

/** Servers written out, and names of defined ones; no names and nothing written out means all that are defined. */
function split({ server_configs = [], servers }: ServerBatchInput): {
  readonly configs: readonly Readonly<Record<string, unknown>>[];
  readonly names: readonly string[] | undefined;
} {
  const names = servers?.filter((item) => typeof item === 'string');
  const configs = [...server_configs, ...(servers ?? []).filter((item) => typeof item !== 'string')];
  return { configs, names: configs.length > 0 && names?.length === 0 ? undefined : names };
}

/**
 * The servers of the batch, complete.
 * @throws ProvisioningError `NO_SERVER`, `CONFIG_INVALID` with all findings
 */
async function serversOf(context: Context, input: ServerBatchInput): Promise<Server[]> {
  const { provider } = input;
  const { configs, names } = split(input);
  const written = configs.length === 0 ? [] : await completed(context, configs, provider);
  if (configs.length > 0 && names === undefined) return written;
  const defined = (await definitionOf(context)).servers;
  const unknown = (names ?? []).find((name) => !defined.some(({ hostname }) => matches(hostname, [name])));
  if (unknown !== undefined) {
    throw new ProvisioningError({
      code: 'SERVER_NOT_FOUND',
      kind: 'not-found',
      message: `Server not found: ${unknown}`,
      hint: `Servers of '${context.infra}': ${defined.map(({ hostname }) => hostname).join(', ')}`,
    });
  }
  const chosen = defined.filter(
    (server) => matches(server.hostname, names) && (provider === undefined || server.provider === provider),
  );
  const all = [...written, ...chosen];
  if (all.length > 0) return all;
  throw new ProvisioningError({
    code: 'NO_SERVER',
    kind: 'usage',
    message: `Infrastructure '${context.infra}' has no server for this batch`,
    hint: 'Give server_configs, or servers that are defined',
  });
}

/** Server entries of a workflow file, with the defaults that a definition's servers get. */
async function completed(
  context: Context,
  configs: readonly Readonly<Record<string, unknown>>[],
  provider: string | undefined,
): Promise<Server[]> {
  const file = 'server_configs';
  const document: Document = {
    file,
    format: 'json',
    value: { servers: configs },
    encrypted: false,
    mayHold: () => true,
    locate: () => ({ file }),
    frame: () => undefined,
  };
  const entries = configs.map((config, index): ServerEntry => ({
    value: canonicalServer({ ...config }),
    source: { document, path: [index], value: { ...config } },
  }));
  const common = context.config('providers.default');
  const resolved = await completeServers(entries, {
    provider: context.serverDefaults,
    common: {},
    providerName: provider ?? (typeof common === 'string' && common !== '' ? common : 'local'),
  });
  const issues: Parameters<typeof validateServers>[1] = [];
  validateServers(resolved, issues, context.config('compliance') as Compliance | undefined);
  const servers = expandServers(resolved, {}, issues);
  throwIssues(issues, (count) => `server_configs have ${count} errors`);
  return servers as Server[];
}

function powerNode(verb: 'start' | 'stop' | 'restart', server: Server, force: boolean): OperationNode {
  const { hostname, provider, lock } = server;
  return {
    id: `${verb}-${hostname}`,
    type: `server.${verb}`,
    name: hostname,
    input: { server: { hostname, provider, lock }, force },
    dependencies: [],
    resources: [`server/${hostname}`],
  };
}
