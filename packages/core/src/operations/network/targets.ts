import { join } from 'node:path';
import { type Context, type LoadBalancerTarget, ProvisioningError } from '@provisioning/extensions-sdk';
import { StateFile } from '../../state/state.ts';
import { placeOfServer } from '../../traffic/shares.ts';

/**
 * Servers as a provider finds them: by the ids that the infrastructures they are in have recorded.
 * @throws ProvisioningError `SERVER_NOT_CREATED` for one that was never made.
 */
export async function referOf(
  context: Context,
  targets: readonly { readonly server: string; readonly weight: number }[],
): Promise<LoadBalancerTarget[]> {
  const states = new Map<string, Awaited<ReturnType<StateFile['read']>>['servers']>();
  const found: LoadBalancerTarget[] = [];
  for (const { server, weight } of targets) {
    const { infra, hostname } = placeOfServer(server, context.infra);
    if (!states.has(infra)) {
      const state = await new StateFile(join(context.workspace.path, 'infra', infra)).read();
      states.set(infra, state.servers);
    }
    const id = states.get(infra)![hostname]?.id;
    if (id === undefined || id === '') {
      throw new ProvisioningError({
        code: 'SERVER_NOT_CREATED',
        kind: 'not-found',
        message: `Server '${server}' has not been created`,
        hint: `Create it first: provisioning server create ${hostname} --infra ${infra}`,
      });
    }
    found.push({ ref: { hostname, id }, weight });
  }
  return found;
}
