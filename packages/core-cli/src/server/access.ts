import { type Access, ProvisioningError } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { findServer } from './find.ts';

/**
 * How a server is reached now, with what the command line overrides.
 * @throws ProvisioningError `SERVER_NOT_FOUND`, `SERVER_NOT_CREATED` (exit 5).
 */
export async function accessOf(
  session: InfrastructureSession,
  hostname: string,
  overrides: { readonly user?: string; readonly key?: string; readonly port?: string },
): Promise<Access> {
  const { provider: name } = await findServer(session, hostname);
  const provider = await session.context.provider(name);
  if (!(await provider.serverExists({ hostname }, { signal: session.context.signal }))) {
    throw new ProvisioningError({
      code: 'SERVER_NOT_CREATED',
      kind: 'not-found',
      message: `Server '${hostname}' is defined and not created yet`,
      hint: 'Create it: provisioning deploy',
    });
  }
  const access = await provider.getAccess({ hostname });
  if (access.kind !== 'ssh') return access;
  return {
    ...access,
    ...(overrides.user === undefined ? {} : { user: overrides.user }),
    ...(overrides.key === undefined ? {} : { keyFile: overrides.key }),
    ...(overrides.port === undefined ? {} : { port: Number(overrides.port) }),
  };
}
