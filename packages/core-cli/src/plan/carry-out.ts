import type { Plan } from '@provisioning/core';
import type { WorkflowDefinition } from '@provisioning/client';
import { operationAnswer } from '../execution/answer.ts';
import { execute } from '../execution/execute.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { underLock } from '../session/locks.ts';
import { checkDocument, checkLines } from './check.ts';
import { refuseBlocked, showPlan } from './show.ts';

export interface Undertaking {
  /** Name of the workflow. */
  readonly name: string;
  /** Dotted id of the command. */
  readonly command: string;
  readonly kind?: NonNullable<WorkflowDefinition['kind']>;
  /** Said when the plan is empty, and when the work is done. */
  readonly nothing: string;
  readonly done: string;
  readonly question: string;
  readonly confirm: boolean;
  /** Word that must be typed instead of y. */
  readonly typed?: string;
  /** Something is lost: in production only `yes` counts (05 §7.4). */
  readonly destructive?: boolean;
  readonly next?: readonly string[];
  /** A failure undoes what this run did, in reverse order. */
  readonly rollback?: boolean;
  /** Operations at once; default 5. */
  readonly parallel?: number;
  /** The log tells the story of the work: all of it is shown. */
  readonly story?: boolean;
  /** Called once the work is agreed on, before its first step; what it gives is called when all of it is done. */
  readonly begin?: () => Promise<(() => Promise<void>) | void>;
  /** Lock the work needs where the mode has locks; default `write`. */
  readonly type?: 'write' | 'deploy';
}

/** The way every changing command goes: show the plan, stop where it is blocked, ask, run, say what was done. */
export async function carryOut(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  plan: Plan,
  undertaking: Undertaking,
): Promise<void> {
  const { out, globals } = command;
  if (globals.check) {
    await out.result(checkDocument(plan, undertaking.command), () => checkLines(plan, out));
    refuseBlocked(plan);
    return;
  }
  if (plan.graph.length === 0 && plan.blocked.length === 0) {
    const answer = operationAnswer(undertaking.command, plan.changes, undefined);
    await out.result(answer, () => [`${out.style.mark('ok')} ${undertaking.nothing}`]);
    return;
  }
  for (const line of showPlan(plan, out, { unchanged: globals.verbose })) out.line(line);
  refuseBlocked(plan);
  const { configuration, selection } = session;
  const execution = await underLock(
    command,
    { workspace: selection, configuration },
    undertaking.name,
    async (signal) => {
      if (undertaking.confirm) await agree(command, plan, undertaking);
      out.line();
      const end = await undertaking.begin?.();
      const ended = await execute(command, session, {
        name: undertaking.name,
        kind: undertaking.kind ?? 'custom',
        command: undertaking.command,
        nodes: plan.graph,
        background: globals.wait === false,
        rollback: undertaking.rollback,
        parallel: undertaking.parallel,
        signal,
        story: undertaking.story,
      });
      if (ended.state === 'completed') await end?.();
      return ended;
    },
    undertaking.type,
  );
  const answer = operationAnswer(undertaking.command, plan.changes, execution);
  const finished = execution.state === 'completed';
  await out.result(answer, () => (finished ? [`${out.style.mark('ok')} ${undertaking.done}`] : []));
  if (finished && undertaking.next) await command.next(...undertaking.next);
}

/** Asks for the change, with the note of what will check it. */
async function agree(command: ProvisioningCommand, plan: Plan, undertaking: Undertaking): Promise<void> {
  const production = plan.environment === 'production';
  const notice = production
    ? 'Auth check: Check auth for production (delete operation)'
    : 'Auth check: Check auth for destructive operation';
  await command.confirm(undertaking.question, {
    typed: undertaking.typed,
    ...(undertaking.destructive === true ? { notice, inFull: production } : {}),
  });
}
