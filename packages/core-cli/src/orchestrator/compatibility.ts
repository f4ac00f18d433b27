import { createClient, type ServiceVersions } from '@provisioning/client';
import {
  checkPair,
  type CompatibilityMatrix,
  type CompatibilityVerdict,
  entryFor,
  ownMatrix,
} from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { CommandClass, ProvisioningCommand } from '../frame/command.ts';

/** A platform newer than this program's matrix says itself what it goes with. */
function withAnswer(matrix: CompatibilityMatrix, answer: ServiceVersions): CompatibilityMatrix {
  const core = answer.compatibility?.['core'];
  const platform = matrix.compatibility?.platform ?? {};
  if (core === undefined || entryFor(platform, answer.version) !== undefined) return matrix;
  return {
    compatibility: { ...matrix.compatibility, platform: { ...platform, [answer.version]: { core } } },
  };
}

/** Whether this program and the service at an endpoint go together (11 §2 "Check"). */
export async function verdictOf(
  command: ProvisioningCommand,
  endpoint: string,
): Promise<CompatibilityVerdict> {
  const answer = await createClient({ endpoint }).versions({ timeout: 5000 });
  const matrix = withAnswer(await ownMatrix(import.meta.url), answer);
  return checkPair(matrix, command.host.catalogue.version, answer.version, answer.api?.levels);
}

/**
 * The first contact with a service (11 §2): a command that changes something stops when the versions do not go together,
 * one that reads warns. An old service that does not answer the question counts as unknown.
 * @throws ProvisioningError `INCOMPATIBLE_VERSIONS`, exit 1.
 */
export async function checkService(command: ProvisioningCommand, endpoint: string): Promise<void> {
  const { access } = (command.constructor as unknown as CommandClass).spec;
  const reads = access === '-' || access === 'r';
  const verdict = await verdictOf(command, endpoint).catch(() => undefined);
  if (verdict === undefined || verdict.verdict === 'compatible') return;
  if (verdict.verdict === 'unknown' || reads) {
    command.out.warn(verdict.message);
    return;
  }
  throw new ProvisioningError({
    code: 'INCOMPATIBLE_VERSIONS',
    message: verdict.message,
    hint: `nothing was changed; install a version in the range ${verdict.range}: provisioning upgrade`,
  });
}
