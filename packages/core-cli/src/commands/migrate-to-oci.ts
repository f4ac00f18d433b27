import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import {
  collectLocalModules,
  migrateWorkspace,
  type PlannedMigration,
  planMigration,
} from '@provisioning/distribution';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { registryFlags } from '../oci/flags.ts';
import { migrationWorkspace } from '../oci/migration.ts';
import { openArtifacts } from '../oci/session.ts';
import type { Column } from '../output/table.ts';
import { counted } from '../output/counted.ts';

const columns: readonly Column<PlannedMigration>[] = [
  { title: 'module', value: ({ kind, name }) => `${kind}/${name}` },
  { title: 'version', value: ({ version }) => version },
  { title: 'action', value: ({ action }) => action },
  { title: 'from', value: ({ place }) => place },
];

export default class MigrateToOci extends ProvisioningCommand {
  static override summary = 'Move a workspace from modules as files to modules of an OCI registry';
  static override description =
    'Local modules are compared with the registry, published with --publish where they are missing, and written into the dependencies of the workspace with a lock. Configuration is backed up first; local copies stay.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning migrate-to-oci demo --dry-run',
    'provisioning migrate-to-oci demo --publish',
  ];
  static override args = {
    target: argument({ description: 'name of the workspace; default the active one' }),
  };
  static override flags = {
    ...registryFlags,
    'dry-run': boolean({ description: 'show what would happen and change nothing' }),
    publish: boolean({ description: 'push modules that the registry does not have' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MigrateToOci);
    const workspace = await migrationWorkspace(this, args.target);
    const dryRun = flags['dry-run'] || this.globals.check;
    await using session = await openArtifacts(this, flags, 'required');
    const collected = await collectLocalModules({ ...workspace, used: await workspace.used() });
    const plan = await planMigration(session.artifacts, collected, flags.publish);
    for (const { name, reason } of plan.skipped) this.out.info(`${name} is left out: ${reason}`);
    if (dryRun) {
      for (const { name, reason } of plan.problems) this.out.warn(`${name}: ${reason}`);
      for (const { reason } of plan.modules) if (reason !== undefined) this.out.warn(reason);
      await this.out.result(plan, () => this.out.table(plan.modules, columns));
      return;
    }
    const { backup } = await migrateWorkspace(session.artifacts, plan, workspace);
    await this.out.result({ backup, modules: plan.modules }, () => [
      ...this.out.table(plan.modules, columns),
      `${this.out.style.mark('ok')} Migrated ${counted(plan.modules.length, 'module')}; backup in ${backup}`,
      `  check it: provisioning validate-migration ${workspace.workspaceName}`,
    ]);
  }
}
