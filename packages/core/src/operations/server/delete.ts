import { type Operation, ProvisioningError, Server } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { StateFile } from '../../state/state.ts';
import { infraPath } from '../../state/paths.ts';

const Input = Type.Object({
  server: Type.Union([
    Type.Unsafe<Server>(Server),
    Type.Object({ hostname: Type.String(), provider: Type.String(), lock: Type.Optional(Type.Boolean()) }),
  ]),
  keep_storage: Type.Optional(Type.Boolean({ default: false })),
  force: Type.Optional(Type.Boolean({ default: false })),
});

/** Deletes one server (05 §7.4). Deleting what is already gone succeeds. A deleted server can't be brought back. */
export const serverDelete: Operation<typeof Input, { hostname: string; deleted: boolean }> = {
  type: 'server.delete',
  input: Input,

  async plan(context, { server }) {
    const provider = await context.provider(server.provider);
    const exists = await provider.serverExists({ hostname: server.hostname });
    return [{ kind: 'server', name: server.hostname, action: exists ? 'delete' : 'unchanged' }];
  },

  async run(context, { server, keep_storage: keepStorage = false, force = false }) {
    if (server.lock === true && !force) {
      throw new ProvisioningError({
        code: 'SERVER_LOCKED',
        kind: 'conflict',
        message: `Server '${server.hostname}' is locked`,
        hint: 'Set lock = false in its definition, or use --force.',
      });
    }
    const provider = await context.provider(server.provider);
    context.report({ type: 'log', level: 'info', message: `Deleting server ${server.hostname}` });
    const { deleted } = await provider.deleteServer(
      { hostname: server.hostname },
      { keepStorage, force, wait: true, signal: context.signal },
    );
    await new StateFile(infraPath(context)).forgetServer(server.hostname);
    return { hostname: server.hostname, deleted };
  },
};
