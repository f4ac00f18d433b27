import type { Context } from '@provisioning/extensions-sdk';
import { type Infrastructure, loadInfrastructure } from '../../infra/index.ts';

/** The definition of the infrastructure that an operation works in. */
export function definitionOf(context: Context): Promise<Infrastructure> {
  const provider = context.config('providers.default');
  return loadInfrastructure({
    workspacePath: context.workspace.path,
    workspaceName: context.workspace.name,
    infra: context.infra,
    environment: context.environment,
    serverDefaults: context.serverDefaults,
    ...(typeof provider === 'string' && provider !== '' ? { defaultProvider: provider } : {}),
  });
}
