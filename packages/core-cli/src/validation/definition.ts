import type { ExtensionCatalogue } from '@provisioning/core';
import { type Issue, ProvisioningError, type Server } from '@provisioning/extensions-sdk';

/** Providers and taskservs that servers name and nobody has. */
export async function unknownExtensions(
  catalogue: ExtensionCatalogue,
  servers: readonly Server[],
): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const server of servers) {
    const wanted = [
      ['provider', server.provider],
      ...server.taskservs.map(({ name }) => ['taskserv', name]),
    ] as ['provider' | 'taskserv', string][];
    for (const [kind, name] of wanted) {
      if (await catalogue.find(kind, name)) continue;
      issues.push({
        message: `Server '${server.hostname}': unknown ${kind} '${name}'`,
        code: `${kind.toUpperCase()}_NOT_FOUND`,
      });
    }
  }
  return issues;
}

export function invalid(infra: string, issues: readonly Issue[]): ProvisioningError {
  return new ProvisioningError({
    code: 'INFRA_INVALID',
    kind: 'configuration',
    message: `Infrastructure '${infra}' is not valid: ${issues.length} ${issues.length === 1 ? 'error' : 'errors'}`,
    issues,
  });
}
