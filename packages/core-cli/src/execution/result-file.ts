import { join } from 'node:path';
import { settingsPlace, writeFileAtomic } from '@provisioning/core';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { encode } from '../output/formats.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import type { Execution, Work } from './work.ts';

/**
 * Keeps how the last work of its kind ended as `<runset.output_path>/<command>.<format>`, in the format of
 * `runset.output_format`, YAML for people (05 §3).
 */
export async function keepResult(
  command: ProvisioningCommand,
  { infrastructure, selection }: InfrastructureSession,
  work: Pick<Work, 'name' | 'command'>,
  outcome: Execution,
): Promise<Execution> {
  const { output_format: wanted, use_time: times } = infrastructure.settings.runset;
  const format = wanted === 'human' ? 'yaml' : wanted;
  const { mode, state, workflowId, view } = outcome;
  const document = {
    command: work.command,
    name: work.name,
    workspace: selection.name,
    infra: infrastructure.name,
    mode,
    state,
    workflow_id: workflowId ?? null,
    finished_at: new Date(command.runtime.now()).toISOString(),
    operations: [...(view?.operations.values() ?? [])].map(({ id, name, type, status, error, ...at }) => ({
      id,
      name,
      type,
      status,
      ...(error === undefined ? {} : { error }),
      ...(times && at.startedAt !== undefined && at.endedAt !== undefined
        ? { seconds: (at.endedAt - at.startedAt) / 1000 }
        : {}),
    })),
  };
  try {
    const folder = await settingsPlace(infrastructure, 'runset.output_path');
    const text = await encode(document, format, true);
    await writeFileAtomic(join(folder, `${work.command}.${format}`), text);
  } catch (error) {
    command.out.warn(`The result was not written: ${asProvisioningError(error).message}`);
  }
  return outcome;
}
