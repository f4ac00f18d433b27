import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { installTaskservs } from '../../taskserv/install.ts';
import { planRemoval } from '../../taskserv/removal.ts';
import { planScale } from '../../taskserv/scale.ts';

export default class TaskservScale extends ProvisioningCommand {
  static override summary = 'Change on how many servers a taskserv runs';
  static override description =
    'For taskservs that are made for several servers; of Kubernetes it is the workers that count. More servers: those that have room get it, in the order of the definition. Fewer: it leaves the last ones, what runs there is moved first, and data stays.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning taskserv scale kubernetes --nodes 3',
    'provisioning taskserv scale node-exporter --nodes 2 --check',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    nodes: integer({ description: 'servers', required: true, min: 0 }),
    servers: string({ description: 'only these servers are added', multiple: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservScale);
    await using session = await openInfrastructure(this);
    const scale = await planScale(session, args.taskserv, flags.nodes, flags.servers ?? []);
    const { name, before, add, remove } = scale;
    if (add.length === 0 && remove.length === 0) {
      await this.out.result({ name, nodes: before, added: [], removed: [] }, () => [
        `${this.out.style.mark('ok')} Nothing to do: ${name} is on ${flags.nodes} servers: ${before.join(', ')}`,
      ]);
      return;
    }
    if (add.length > 0) return await installTaskservs(this, session, { names: [name], hostnames: add }, {});
    const plan = await planRemoval(
      session,
      { names: [name], hostnames: remove },
      { cleanupData: false, force: false },
    );
    await carryOut(this, session, plan, {
      name: `taskserv scale ${name}`,
      command: 'taskserv.scale',
      kind: 'taskserv',
      nothing: `Nothing to do: ${name} is not installed there`,
      done: `${name} on ${flags.nodes} servers; removed from ${remove.join(', ')}`,
      question: `Remove ${name} from ${remove.join(', ')}?`,
      confirm: true,
      destructive: true,
    });
  }
}
