import {
  type Context,
  type Operation,
  ProvisioningError,
  type ServerState,
} from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';
import { StateFile } from '../../state/state.ts';
import { infraPath } from '../../state/paths.ts';

const Input = Type.Object({
  server: Type.Object({
    hostname: Type.String(),
    provider: Type.String(),
    lock: Type.Optional(Type.Boolean()),
  }),
  force: Type.Optional(Type.Boolean({ default: false })),
});
type Input = Static<typeof Input>;

interface Switched {
  readonly hostname: string;
  readonly before: ServerState;
  readonly status: ServerState;
}

/** `server.start`, `server.stop` and `server.restart` (05 §7.4): soft within 60 s, hard with `force`. */
function powerOperation(
  verb: 'start' | 'stop' | 'restart',
  state: 'running' | 'stopped' | 'rebooted',
): Operation<typeof Input, Switched> {
  async function current(context: Context, { server }: Input) {
    const provider = await context.provider(server.provider);
    const observed = await provider.getServer({ hostname: server.hostname }, { signal: context.signal });
    if (observed === null) {
      throw new ProvisioningError({
        code: 'SERVER_NOT_FOUND',
        kind: 'not-found',
        message: `Server not found: ${server.hostname}`,
        hint: "Run 'provisioning server list' to see the servers there are.",
      });
    }
    return { provider, observed };
  }

  return {
    type: `server.${verb}`,
    input: Input,
    async plan(context, input) {
      const { observed } = await current(context, input);
      const change = { kind: 'server', name: input.server.hostname } as const;
      if (state === observed.status) return [{ ...change, action: 'unchanged' }];
      return [
        {
          ...change,
          action: 'update',
          attributes: [{ attribute: 'status', before: observed.status, after: state }],
        },
      ];
    },
    async run(context, input) {
      if (input.server.lock === true && verb !== 'start' && !input.force) {
        throw new ProvisioningError({
          code: 'SERVER_LOCKED',
          kind: 'conflict',
          message: `Server '${input.server.hostname}' is locked`,
          hint: 'Set lock = false in its definition, or use --force.',
        });
      }
      const { provider, observed } = await current(context, input);
      const { hostname } = input.server;
      if (observed.status === state) return { hostname, before: observed.status, status: observed.status };
      const after = await provider.setServerState({ hostname }, state, {
        wait: true,
        force: input.force ?? false,
        signal: context.signal,
      });
      await new StateFile(infraPath(context)).recordServer(after, context.now());
      return { hostname, before: observed.status, status: after.status };
    },
    async undo(context, input, { before }) {
      if (verb === 'restart' || (before !== 'running' && before !== 'stopped')) return;
      const provider = await context.provider(input.server.provider);
      await provider.setServerState({ hostname: input.server.hostname }, before, { wait: true, force: true });
    },
  };
}

export const serverStart = powerOperation('start', 'running');
export const serverStop = powerOperation('stop', 'stopped');
export const serverRestart = powerOperation('restart', 'rebooted');
