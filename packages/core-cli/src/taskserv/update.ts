import {
  closeRun,
  openRun,
  planUpdate,
  type TaskservRun,
  taskservManifests,
  TaskservPackages,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { newestVersion, updateSources } from './versions.ts';

export type UpdateRequest = Omit<TaskservRun, 'id' | 'started_at'> & { readonly securityOnly?: boolean };

/**
 * Carries an update out, host by host (07 §6.2).
 * @param left The run this goes on with.
 */
export async function updateTaskservs(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  request: UpdateRequest,
  left?: TaskservRun,
): Promise<void> {
  const manifests = await taskservManifests(session.project.extensions);
  const sources = updateSources(command);
  const { names, hostnames, version, securityOnly, migrate, parallel } = request;
  const plan = await planUpdate(session.context, session.infrastructure, {
    names,
    hostnames,
    manifests,
    packages: new TaskservPackages(),
    version: (name, from) =>
      version === undefined
        ? newestVersion(manifests.get(name)!, sources, { from, securityOnly })
        : Promise.resolve(version),
    migrate,
    parallel,
  });
  const versions = plan.steps
    .filter(({ status }) => status === 'update')
    .map((step) => `${step.service} on ${step.target}: ${step.from_version} → ${step.to_version}`);
  const current = plan.steps.map((step) => `${step.service} already at ${step.to_version}`);
  await carryOut(command, session, plan, {
    name: `taskserv update ${names.join(' ')}`,
    command: 'taskserv.update',
    kind: 'taskserv',
    nothing: [...new Set(current)].join(', '),
    done: `Updated ${names.join(', ')} on ${plan.infra}: ${versions.join(', ')}`,
    question: `Update ${versions.join(', ')}?`,
    confirm: plan.graph.length > 0 && session.infrastructure.environment === 'production',
    begin: () =>
      left === undefined
        ? openRun(session.context, request, command.runtime.now())
        : Promise.resolve(() => closeRun(session.context, left.id)),
  });
  // What was left to do is done, also when nothing was left.
  if (left !== undefined && plan.graph.length === 0 && !command.globals.check)
    await closeRun(session.context, left.id);
}
