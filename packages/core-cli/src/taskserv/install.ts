import { openRun, planDeploy } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { checkCreate } from './check.ts';
import { onlySelected } from './own-plan.ts';
import { selectFor } from './selection.ts';
import type { TaskservTargets } from './targets.ts';

export interface InstallRequest {
  readonly version?: string;
  /** Configuration over that of the definition and under that of `--config`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly force?: boolean;
  readonly rollback?: boolean;
  /** Servers worked on at once. */
  readonly parallel?: number;
  /** No question, in production neither. */
  readonly unasked?: boolean;
}

/** Installs taskservs with what they depend on, as `taskserv create` does (07 §5); `--check` only says what it would do. */
export async function installTaskservs(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  targets: TaskservTargets,
  request: InstallRequest,
): Promise<void> {
  const selected = await selectFor(command, session, targets, request);
  if (command.globals.check) return await checkCreate(command, session, targets, selected);
  for (const warning of selected.warnings) command.out.warn(warning);
  const plan = await planDeploy(session.context, selected.definition, { targets: targets.hostnames });
  const own = onlySelected(plan, selected.byServer);
  if (selected.added.length > 0) {
    command.out.warn(
      `Not in the definition: ${selected.added.join(', ')}. Add it to the server's taskservs, so that deploy keeps it`,
    );
  }
  const what = `${targets.names.join(', ')} on ${targets.hostnames.join(', ')}`;
  await carryOut(command, session, own, {
    name: `taskserv create ${targets.names.join(' ')}`,
    command: 'taskserv.create',
    kind: 'taskserv',
    nothing: `Nothing to do: ${targets.names.join(', ')} already installed on ${targets.hostnames.join(', ')}`,
    done: `Installed ${what}`,
    question: `Install ${what}?`,
    confirm:
      session.infrastructure.environment === 'production' &&
      request.unasked !== true &&
      targets.chosen !== true,
    rollback: request.rollback,
    parallel: request.parallel,
    begin: () =>
      openRun(
        session.context,
        {
          command: 'create',
          names: targets.names,
          hostnames: targets.hostnames,
          byServer: targets.byServer,
          version: request.version,
          profile: command.globals.profile,
          config_file: command.globals.config,
          force: request.force,
        },
        command.runtime.now(),
      ),
  });
}
