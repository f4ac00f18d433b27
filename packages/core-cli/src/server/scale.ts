import { infraPath, planScale, StateFile } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import { loadDefinition, openInfrastructure } from '../session/infrastructure.ts';
import { counted } from '../output/counted.ts';

/** `server scale` (05 §4.3). @throws ProvisioningError `GROUP_REQUIRED` (2), `GROUP_NOT_FOUND` (5). */
export async function scaleGroup(
  command: ProvisioningCommand,
  wanted: string | undefined,
  count: number,
): Promise<void> {
  await using session = await openInfrastructure(command);
  const { infrastructure, context } = session;
  const group = chosen(infrastructure.groups ?? {}, wanted);
  const scale = { [group]: count };
  const after = await loadDefinition(command, session.selection, session.configuration, { scale });
  const planned = await planScale(context, infrastructure, after, group, { readOnly: command.globals.check });
  const { current } = planned;
  // What was asked for holds also where some of the work fails: the next run goes on with it.
  const remember = (): Promise<void> =>
    new StateFile(infraPath(context)).scaleGroup(group, count, infrastructure.groups![group]!);
  if (planned.graph.length === 0 && !command.globals.check) await remember();
  await carryOut(
    command,
    session,
    {
      workspace: context.workspace.name,
      infra: infrastructure.name,
      environment: infrastructure.environment,
      changes: planned.changes,
      graph: planned.graph,
      blocked: planned.blocked,
      warnings: planned.warnings,
    },
    {
      name: `server scale ${group}`,
      command: 'server.scale',
      kind: 'server',
      nothing: `Nothing to do: ${group} has ${counted(count, 'server')}`,
      done: `Scaled ${group} from ${current} to ${counted(count, 'server')}`,
      question: `Scale ${group} from ${current} to ${counted(count, 'server')}?`,
      confirm: true,
      destructive: count < current,
      begin: remember,
    },
  );
}

function chosen(groups: Readonly<Record<string, number>>, wanted: string | undefined): string {
  const names = Object.keys(groups);
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  if (wanted === undefined && names.length === 1) return names[0]!;
  throw new ProvisioningError({
    code: wanted === undefined ? 'GROUP_REQUIRED' : 'GROUP_NOT_FOUND',
    kind: wanted === undefined ? 'usage' : 'not-found',
    message:
      wanted === undefined
        ? `Name a group: ${names.join(', ') || 'the definition has none'}`
        : `Group '${wanted}' not found in the definition`,
    hint: names.length === 0 ? 'A server with count = N is a group.' : `Groups: ${names.join(', ')}`,
  });
}
