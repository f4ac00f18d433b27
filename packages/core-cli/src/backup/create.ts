import { join } from 'node:path';
import {
  backupFolder,
  backupTaskserv,
  infraPath,
  planInfrastructureBackup,
  type ServiceBackup,
  StateFile,
  withInfrastructureLock,
  writeInfrastructureBackup,
} from '@provisioning/core';
import { asProvisioningError } from '../errors/as-error.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { bytes } from '../output/bytes.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';
import { snapshotServers, stampOf } from '../storage/snapshots.ts';
import { placed } from '../taskserv/placed.ts';
import { counted } from '../output/counted.ts';

export interface CreateBackup {
  readonly type: 'full' | 'incremental';
  readonly title?: string;
  /** Snapshots of the servers at their providers too. */
  readonly volumes: boolean;
}

/** `backup create` (21 §4.4): definitions, state, modules, encrypted secrets, and the data of the services. */
export async function createBackup(command: ProvisioningCommand, wanted: CreateBackup): Promise<void> {
  const { out } = command;
  await using session = await openInfrastructure(command);
  const { selection, infrastructure, context } = session;
  const options = {
    workspace: { name: selection.name, path: selection.path },
    infra: infrastructure.name,
    type: wanted.type,
    version: command.host.catalogue.version,
    now: context.now(),
    ...(wanted.title === undefined ? {} : { title: wanted.title }),
  };
  const planned = await planInfrastructureBackup(options);
  if (wanted.type === 'incremental' && planned.type === 'full')
    out.info('There is no full backup to add to: this one is full');
  if (command.globals.check) {
    const document = { id: planned.id, type: planned.type, files: planned.files.length };
    await out.result({ check_mode: true, ...document }, () => [
      `Backup would be created: ${planned.id} (${planned.type}, ${counted(planned.files.length, 'file')})`,
    ]);
    return;
  }
  const backup = await withInfrastructureLock(context, async () => {
    const services = await backUpServices(command, session, planned.id);
    const snapshots = wanted.volumes ? await takeSnapshots(command, session) : [];
    return writeInfrastructureBackup(options, planned, { services, snapshots });
  });
  await out.result(backup, () => [
    `${out.style.mark('ok')} Backup created: ${backup.id} (${backup.type}, ${bytes(backup.size)})`,
    ...backup.services.map(({ server, taskserv }) => `  ${taskserv} on ${server}`),
    ...backup.snapshots.map(({ server }) => `  snapshot of ${server}`),
  ]);
  await command.next(`provisioning restore --backup ${backup.id} --test`);
}

/** Data of every taskserv that keeps some, on servers that are there. One that fails ends the backup: half is none. */
async function backUpServices(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  id: string,
): Promise<readonly ServiceBackup[]> {
  const { infrastructure, context } = session;
  const state = await new StateFile(infraPath(context)).read();
  const there = infrastructure.servers.filter(
    ({ hostname }) => state.servers[hostname]?.status === 'running',
  );
  const names = new Set(there.flatMap(({ taskservs }) => taskservs.map(({ name }) => name)));
  const byServer = Object.fromEntries(
    there.map(({ hostname, taskservs }) => [hostname, taskservs.map(({ name }) => name)]),
  );
  const hostnames = there.map(({ hostname }) => hostname);
  const services: ServiceBackup[] = [];
  for (const { server, use, references } of await placed(session, {
    names: [...names],
    hostnames,
    byServer,
  })) {
    const file = join('services', id, `${server.hostname}-${use.name}.gz`);
    try {
      const target = join(backupFolder(context.workspace), file);
      await backupTaskserv(context, server, use, references, target);
    } catch (error) {
      if (asProvisioningError(error).code === 'NO_BACKUP') continue;
      throw error;
    }
    command.out.progress(`Backed up ${use.name} on ${server.hostname}`);
    services.push({ server: server.hostname, taskserv: use.name, file });
  }
  return services;
}

async function takeSnapshots(command: ProvisioningCommand, session: InfrastructureSession) {
  const stamp = stampOf(session.context.now());
  const taken: { server: string; provider: string; id: string }[] = [];
  for (const { hostname, provider, snapshot } of await snapshotServers(session, undefined)) {
    command.out.progress(`Taking a snapshot of ${hostname}...`);
    const { id } = await snapshot.create({ hostname }, `${hostname}-${stamp}`);
    taken.push({ server: hostname, provider, id });
  }
  return taken;
}
