import { string as argument } from '@oclif/core/args';
import { loadCluster, storeCluster } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class GenerateCluster extends ProvisioningCommand {
  static override summary = 'Write the definition of a cluster into the infrastructure, to be edited there';
  static override description =
    'From the cluster extension of that name, as clusters/<name>.yaml. Without its secrets.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'create' };
  static override examples = ['provisioning generate cluster monitoring'];
  static override args = { name: argument({ required: true, description: 'name of the cluster' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(GenerateCluster);
    await using session = await openInfrastructure(this);
    const { infrastructure, project } = session;
    const cluster = await loadCluster(args.name, { catalogue: project.extensions, infrastructure });
    const { check } = this.globals;
    const file = check ? undefined : await storeCluster(infrastructure.path, cluster);
    const { style } = this.out;
    await this.out.result(
      { cluster: cluster.name, check_mode: check, ...(file === undefined ? {} : { file }) },
      () => [
        file === undefined
          ? `${style.mark('info')} Would write clusters/${cluster.name}.yaml`
          : `${style.mark('ok')} Generated cluster ${cluster.name}: ${file}`,
      ],
    );
  }
}
