import { providerServerIssues, taskservIssues } from '@provisioning/core';
import { type Issue, ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { counted } from '../output/counted.ts';

/**
 * What is wrong with servers beyond what loading their definition finds: providers and taskservs that nobody has, and
 * settings of either that their schemas refuse.
 */
export async function definitionIssues(
  { context, infrastructure, project }: InfrastructureSession,
  servers: readonly Server[] = infrastructure.servers,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const { hostname, provider } of servers) {
    if (await project.extensions.find('provider', provider)) continue;
    const message = `Server '${hostname}': unknown provider '${provider}'`;
    issues.push({ message, code: 'PROVIDER_NOT_FOUND' });
  }
  return [
    ...issues,
    ...(await providerServerIssues(context, servers)),
    ...(await taskservIssues(context, infrastructure, servers)),
  ];
}

export function invalid(infra: string, issues: readonly Issue[]): ProvisioningError {
  return new ProvisioningError({
    code: 'INFRA_INVALID',
    kind: 'configuration',
    message: `Infrastructure '${infra}' is not valid: ${counted(issues.length, 'error')}`,
    issues,
  });
}
