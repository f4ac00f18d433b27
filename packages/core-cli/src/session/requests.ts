import {
  approvalTeams,
  checkRequestMode,
  type Configuration,
  etcdOptions,
  type Teams,
  userName,
  WorkspaceRequests,
  type WorkspaceRequest,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { modeOf } from './locks.ts';
import { surroundingsOf } from './surroundings.ts';
import { configurationOf, selectOptional } from './workspace.ts';

/** What the commands about workspace requests work with (03 §13). */
export interface RequestSession {
  readonly requests: WorkspaceRequests;
  readonly teams: Teams;
  readonly user: string;
  readonly now: Date;
}

/** @throws ProvisioningError `REQUESTS_DISABLED` (exit 2) outside enterprise mode */
export async function openRequests(
  command: ProvisioningCommand,
  configuration?: Configuration,
): Promise<RequestSession> {
  checkRequestMode(await modeOf(command));
  const known = configuration ?? (await configurationOf(command, await selectOptional(command)));
  return {
    requests: new WorkspaceRequests(etcdOptions(known, command.runtime.environment)),
    teams: approvalTeams(known.get('locking.approvals')),
    user: userName(surroundingsOf(command.runtime)),
    now: new Date(command.runtime.now()),
  };
}

/** A request for people. */
export function requestLines(request: WorkspaceRequest): string[] {
  return [
    `Request:   ${request.id}`,
    `Workspace: ${request.workspace}`,
    `User:      ${request.user}`,
    `State:     ${request.state}`,
    `Reason:    ${request.reason === '' ? '-' : request.reason}`,
    `Approvers: one of each of ${request.teams.join(', ')}`,
    `${request.state === 'approved' ? 'Valid to: ' : 'Expires:  '} ${request.expires_at}`,
    ...request.decisions.map(
      ({ user, team, decision, reason, at }) =>
        `  ${at} ${decision} by ${user}${team === undefined ? '' : ` (${team})`}${reason === undefined ? '' : `: ${reason}`}`,
    ),
  ];
}

/** Approves, denies or cancels, and says how the request stands then. */
export async function decide(
  command: ProvisioningCommand,
  id: string,
  decision: 'approved' | 'denied' | 'cancelled',
  reason?: string,
): Promise<void> {
  const { requests, teams, user, now } = await openRequests(command);
  if (command.globals.check) {
    const request = await requests.get(id, now);
    command.out.warn('Check mode: No changes will be made');
    await command.out.result(request, () => requestLines(request));
    return;
  }
  const after = await requests.decide(
    id,
    { user, decision, ...(reason === undefined ? {} : { reason }) },
    teams,
    now,
  );
  await command.out.result(after, () => [
    `${command.out.style.mark('ok')} Request ${id}: ${decision} by ${user}`,
    `State: ${after.state}`,
    ...(after.state === 'pending' ? ['It still needs the approval of the other teams.'] : []),
  ]);
}
