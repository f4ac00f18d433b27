import { resolve, join } from 'node:path';
import { type LoadOptions, type Scope, detectEnvironment, mainFile, scopeFile } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** What `config edit` and `workspace config edit` open, beside a path. */
export const editTargets = [
  'user',
  'local',
  'workspace',
  'main',
  'environment',
  'infra',
  'provider',
  'platform',
  'kms',
] as const;

const scopes: ReadonlySet<string> = new Set<Scope>(['user', 'local', 'workspace', 'environment', 'infra']);

/**
 * The file behind a target.
 * @throws ProvisioningError `USAGE`, `MISSING_ARGUMENT` (exit 2)
 */
export async function editTarget(options: LoadOptions, target: string, name?: string): Promise<string> {
  const { surroundings, workspace } = options;
  if (scopes.has(target)) {
    const environment =
      target === 'environment'
        ? await detectEnvironment({
            surroundings,
            ...(workspace === undefined ? {} : { workspacePath: workspace.path }),
            ...(options.environment === undefined ? {} : { flag: options.environment }),
            ...(options.storedEnvironment === undefined ? {} : { stored: options.storedEnvironment }),
          })
        : undefined;
    return scopeFile(options, target as Scope, environment?.name ?? '');
  }
  if (!(editTargets as readonly string[]).includes(target)) {
    if (/[./\\]/.test(target)) return resolve(surroundings.cwd, target);
    throw new ProvisioningError({
      code: 'USAGE',
      kind: 'usage',
      message: `Unknown target: ${target}`,
      hint: `Targets: ${editTargets.join(', ')}, or a path`,
    });
  }
  if (workspace === undefined) {
    throw new ProvisioningError({
      code: 'USAGE',
      kind: 'usage',
      message: `${target} is a file of a workspace, and none is selected`,
      hint: 'Choose one with --workspace.',
    });
  }
  const config = join(workspace.path, 'config');
  if (target === 'main') return mainFile(workspace.path) ?? join(config, 'provisioning.toml');
  if (target === 'kms') return join(config, 'kms.toml');
  if (name === undefined || !/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: `Missing required argument: name of the ${target === 'provider' ? 'provider' : 'service'}\nUsage: provisioning config edit ${target} <name>`,
    });
  }
  return join(config, target === 'provider' ? 'providers' : 'platform', `${name}.toml`);
}
