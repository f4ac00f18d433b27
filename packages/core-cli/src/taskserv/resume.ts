import { closeRun, planDeploy, type TaskservRun } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { onlySelected } from './own-plan.ts';
import { selectFor } from './selection.ts';

/** Goes on with a `taskserv create` that failed or was interrupted: the servers tell what is still to be done. */
export async function resumeCreate(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  run: TaskservRun,
): Promise<void> {
  const { profile, config_file: config } = run;
  command.globals = { ...command.globals, profile, config };
  const selected = await selectFor(command, session, run, run);
  const plan = await planDeploy(session.context, selected.definition, {
    targets: run.hostnames,
    readOnly: command.globals.check,
  });
  const own = onlySelected(plan, selected.byServer);
  const what = `${run.names.join(', ')} on ${run.hostnames.join(', ')}`;
  await carryOut(command, session, own, {
    name: `taskserv update --resume ${run.names.join(' ')}`,
    command: 'taskserv.update',
    kind: 'taskserv',
    nothing: `Nothing left to do: ${what}`,
    done: `Installed ${what}`,
    question: `Go on installing ${what}?`,
    confirm: session.infrastructure.environment === 'production',
    begin: () => Promise.resolve(() => closeRun(session.context, run.id)),
  });
  // Nothing was left.
  if (own.graph.length === 0 && !command.globals.check) await closeRun(session.context, run.id);
}
