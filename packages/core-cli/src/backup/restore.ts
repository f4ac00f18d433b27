import { join } from 'node:path';
import {
  backupFolder,
  findInfrastructureBackup,
  hasChanges,
  type InfrastructureBackup,
  openInfrastructureBackup,
  planDeploy,
  planInfrastructureBackup,
  type RestoreComponent,
  type RestoredFiles,
  restoreTaskserv,
  withInfrastructureLock,
  writeInfrastructureBackup,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import { openInfrastructure } from '../session/infrastructure.ts';
import { underLock } from '../session/locks.ts';
import { openWorkspace } from '../session/workspace.ts';
import { placed } from '../taskserv/placed.ts';
import { counted } from '../output/counted.ts';

export interface RestoreWish {
  readonly backup: string;
  readonly components: readonly RestoreComponent[];
  /** Files only; servers stay as they are. */
  readonly filesOnly?: boolean;
  /** `restore` or `rollback`, for messages. */
  readonly verb: 'restore' | 'rollback';
}

/**
 * `restore` and `rollback` (21 §4.4, 05 §7.5): verifies the backup, shows what changes, asks, keeps what is there as a
 * backup of its own, puts the files back, and then deploys what they say: what exists is reconciled, not made twice.
 */
export async function restoreBackup(command: ProvisioningCommand, wish: RestoreWish): Promise<void> {
  const { out, globals } = command;
  const { selection, configuration } = await openWorkspace(command, 'required');
  const infra = selection.infra!;
  const workspace = { name: selection.name, path: selection.path };
  const backup = await findInfrastructureBackup(workspace, infra, wish.backup);
  await using opened = await openInfrastructureBackup(workspace, backup);
  const files = await opened.plan(wish.components);
  const services = wish.components.includes('data') ? backup.services : [];
  const count = files.created.length + files.changed.length + files.removed.length;
  const document = { backup: backup.id, type: backup.type, ...files, services };
  const lines = [
    `Backup ${backup.id} (${backup.type}) of ${backup.created}: all files are as they were written`,
    ...fileLines(files),
    ...services.map(({ server, taskserv }) => `  ~ data of ${taskserv} on ${server}`),
    ...(count + services.length === 0 ? ['Nothing differs from the backup'] : []),
  ];
  if (globals.check) {
    await out.result({ check_mode: true, ...document }, () => [
      ...lines,
      `${out.style.mark('warning')} Check mode: No changes will be made`,
    ]);
    return;
  }
  for (const line of lines) out.progress(line);
  const verb = wish.verb === 'restore' ? 'Restore' : 'Roll back';
  await command.confirm(`${verb} ${infra} to ${backup.id}? What came after it is lost.`, {
    inFull: configuration.environment.startsWith('prod'),
  });
  await underLock(command, { workspace, configuration }, `${wish.verb} ${infra}`, () =>
    withInfrastructureLock({ workspace, infra }, async () => {
      if (count === 0) return;
      const before = await keepCurrent(command, workspace, infra);
      await opened.apply(files);
      out.info(`What was there is kept as ${before.id}`);
    }),
  );
  if (wish.filesOnly !== true) await reconcile(command, infra, wish.verb, services);
  await out.result({ ...document, status: 'restored' }, () => [
    `${out.style.mark('ok')} ${wish.verb === 'restore' ? 'Restored' : 'Rolled back'} ${infra} to ${backup.id}: ${counted(count, 'file')}`,
  ]);
}

function fileLines({ created, changed, removed }: RestoredFiles): string[] {
  return [
    ...created.map((file) => `  + ${file}`),
    ...changed.map((file) => `  ~ ${file}`),
    ...removed.map((file) => `  - ${file}`),
  ];
}

/** A full backup of the files as they are, without the data of services: that is not touched before the files are. */
async function keepCurrent(
  command: ProvisioningCommand,
  workspace: { readonly name: string; readonly path: string },
  infra: string,
): Promise<InfrastructureBackup> {
  const { version } = command.host.catalogue;
  const options = { workspace, infra, type: 'full', title: 'before a restore', version } as const;
  const now = command.runtime.now();
  return writeInfrastructureBackup({ ...options, now }, await planInfrastructureBackup({ ...options, now }));
}

/** Brings servers and services to what the restored definition says, then their data. */
async function reconcile(
  command: ProvisioningCommand,
  infra: string,
  verb: string,
  services: InfrastructureBackup['services'],
): Promise<void> {
  await using session = await openInfrastructure(command, infra);
  const { context, infrastructure } = session;
  const plan = await planDeploy(context, infrastructure, {});
  if (hasChanges(plan)) {
    await carryOut(command, session, plan, {
      name: `${verb} ${infra}`,
      command: verb,
      nothing: `Nothing to do: ${infra} is as defined`,
      done: `${infra} is as the backup defines it`,
      question: `Deploy to ${plan.workspace}:${infra}?`,
      confirm: true,
      type: 'deploy',
    });
  }
  for (const { server, taskserv, file } of services) {
    const [place] = await placed(session, { names: [taskserv], hostnames: [server] });
    if (place === undefined) {
      command.out.warn(`${server} is not defined any more: the data of ${taskserv} stays in the backup`);
      continue;
    }
    command.out.progress(`Restoring the data of ${taskserv} on ${server}...`);
    const path = join(backupFolder(context.workspace), file);
    await restoreTaskserv(context, place.server, place.use, place.references, path);
  }
}
