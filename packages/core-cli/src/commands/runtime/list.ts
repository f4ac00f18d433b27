import { listRuntimes } from '@provisioning/core';
import { runtimeOptions } from '../../container-runtime/open.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class RuntimeList extends ProvisioningCommand {
  static override summary = 'List the container runtimes that answer';
  static override description = 'With --verbose also those that do not, and why.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning runtime list', 'provisioning runtime list --verbose'];

  async run(): Promise<void> {
    await this.parse(RuntimeList);
    const states = await listRuntimes(await runtimeOptions(this));
    const { style } = this.out;
    const bullet = style.colour ? '•' : '-';
    await this.out.result(states, () => {
      const available = states.filter((state) => state.available);
      const others = this.globals.verbose ? states.filter((state) => !state.available) : [];
      return [
        available.length === 0 ? 'No container runtimes found' : 'Available runtimes:',
        ...available.map(
          ({ name, version }) => `  ${bullet} ${name}${version === null ? '' : ` ${version}`}`,
        ),
        ...(others.length === 0 ? [] : ['Not available:']),
        ...others.map(({ name, reason }) => `  ${bullet} ${name}: ${reason ?? 'no answer'}`),
      ];
    });
  }
}
