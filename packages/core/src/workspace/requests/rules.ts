import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Mode } from '../../config/mode.ts';
import { usage } from '../errors.ts';

export const requestStates = ['pending', 'approved', 'denied', 'cancelled', 'expired'] as const;
export type RequestState = (typeof requestStates)[number];

/** A request to work on a workspace in enterprise mode (03 §13). */
export interface WorkspaceRequest {
  readonly id: string;
  readonly workspace: string;
  readonly user: string;
  readonly reason: string;
  /** Milliseconds an approval is valid. */
  readonly duration: number;
  readonly state: RequestState;
  readonly created_at: string;
  /** When a pending request ends, or an approval. */
  readonly expires_at: string;
  /** Teams of which one member each has to approve. */
  readonly teams: readonly string[];
  readonly decisions: readonly {
    readonly user: string;
    readonly team?: string;
    readonly decision: 'approved' | 'denied' | 'cancelled';
    readonly reason?: string;
    readonly at: string;
  }[];
}

/** Members of the teams that approve. */
export type Teams = Readonly<Record<string, readonly string[]>>;

const pendingLife = 24 * 3600_000;

/** @throws ProvisioningError `REQUESTS_DISABLED` (exit 2) outside enterprise */
export function checkRequestMode(mode: Mode): void {
  if (mode !== 'enterprise')
    throw usage('Workspace requests are used in enterprise mode only', 'REQUESTS_DISABLED');
}

export function newRequest(
  options: Pick<WorkspaceRequest, 'id' | 'workspace' | 'user' | 'reason' | 'duration'> & {
    readonly teams: Teams;
  },
  now: Date,
): WorkspaceRequest {
  return {
    ...options,
    teams: Object.keys(options.teams),
    state: 'pending',
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + pendingLife).toISOString(),
    decisions: [],
  };
}

/** The state a request has now: what was pending or approved for too long has expired. */
export function currentRequest(request: WorkspaceRequest, now: Date): WorkspaceRequest {
  const open = request.state === 'pending' || request.state === 'approved';
  return open && Date.parse(request.expires_at) <= now.getTime() ? { ...request, state: 'expired' } : request;
}

export interface Decision {
  readonly user: string;
  readonly decision: 'approved' | 'denied' | 'cancelled';
  readonly reason?: string;
}

/**
 * The request after somebody's decision. An approval needs one member of each team, none of them the requester, and
 * nobody counts twice.
 * @throws ProvisioningError `REQUEST_CLOSED` (1), `SELF_APPROVAL`, `NOT_AN_APPROVER`, `NOT_THE_REQUESTER` (4)
 */
export function decided(
  request: WorkspaceRequest,
  { user, decision, reason }: Decision,
  teams: Teams,
  now: Date,
): WorkspaceRequest {
  if (request.state !== 'pending') {
    throw new ProvisioningError({
      code: 'REQUEST_CLOSED',
      kind: 'conflict',
      message: `Request ${request.id} is ${request.state} already`,
    });
  }
  const record = { user, decision, ...(reason === undefined ? {} : { reason }), at: now.toISOString() };
  if (decision === 'cancelled') {
    if (user !== request.user)
      throw refused('NOT_THE_REQUESTER', `Request ${request.id} belongs to ${request.user}`);
    return { ...request, state: 'cancelled', decisions: [...request.decisions, record] };
  }
  if (user === request.user)
    throw refused('SELF_APPROVAL', `Request ${request.id} is yours; others decide about it`);
  const own = request.teams.filter((team) => teams[team]?.includes(user) === true);
  if (own.length === 0) {
    throw refused(
      'NOT_AN_APPROVER',
      `${user} is in none of the teams that decide: ${request.teams.join(', ')}`,
      'Members of a team: locking.approvals.<team> in the configuration.',
    );
  }
  if (decision === 'denied') {
    return { ...request, state: 'denied', decisions: [...request.decisions, { ...record, team: own[0]! }] };
  }
  const approvers = request.decisions.filter((one) => one.decision === 'approved');
  if (approvers.some((one) => one.user === user))
    throw refused('APPROVED_ALREADY', `${user} approved request ${request.id} already`);
  const decisions = [...request.decisions, { ...record, team: own[0]! }];
  const people = [...approvers.map((one) => one.user), user];
  if (!covers(request.teams, people, teams)) return { ...request, decisions };
  return {
    ...request,
    state: 'approved',
    expires_at: new Date(now.getTime() + request.duration).toISOString(),
    decisions,
  };
}

/** Whether each team has a person of its own among those who approved. */
function covers(wanted: readonly string[], people: readonly string[], teams: Teams): boolean {
  const [team, ...rest] = wanted;
  if (team === undefined) return true;
  return people.some(
    (person) =>
      teams[team]?.includes(person) === true &&
      covers(
        rest,
        people.filter((other) => other !== person),
        teams,
      ),
  );
}

/**
 * That the person may lock the workspace now.
 * @throws ProvisioningError `WORKSPACE_REQUEST_REQUIRED` (exit 4)
 */
export function requireApproval(
  requests: readonly WorkspaceRequest[],
  who: { readonly user: string; readonly workspace: string; readonly teams: Teams },
  now: Date,
): WorkspaceRequest {
  const found = requests.find(
    (request) =>
      request.workspace === who.workspace &&
      request.user === who.user &&
      currentRequest(request, now).state === 'approved',
  );
  if (found !== undefined) return found;
  throw refused(
    'WORKSPACE_REQUEST_REQUIRED',
    `Workspace request required (approval by: ${Object.keys(who.teams).join(', ')})`,
    `Ask for it: provisioning workspace request ${who.workspace} --reason <text>`,
  );
}

function refused(code: string, message: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code,
    kind: 'permission',
    message,
    ...(hint === undefined ? {} : { hint }),
  });
}

const defaultTeams = ['platform-team', 'security-team'];

/** The teams of `locking.approvals`; without any, the usual two, which have no members yet. */
export function approvalTeams(configured: unknown): Teams {
  const entries =
    typeof configured === 'object' && configured !== null
      ? Object.entries(configured).map(([team, members]) => [
          team,
          Array.isArray(members) ? members.map(String) : [],
        ])
      : [];
  return Object.fromEntries(entries.length > 0 ? entries : defaultTeams.map((team) => [team, []])) as Teams;
}
