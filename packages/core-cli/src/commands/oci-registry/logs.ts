import { boolean, integer } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { followLogs, lastLines } from '../../log/log-file.ts';
import { registryControl, startedRegistry } from '../../oci-registry/control.ts';

export default class OciRegistryLogs extends ProvisioningCommand {
  static override summary = 'Show what the local registry wrote';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci-registry logs --lines 100'];
  static override flags = {
    lines: integer({ description: 'newest lines', default: 50, min: 1 }),
    follow: boolean({ char: 'f', description: 'go on as more is written, until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryLogs);
    const registry = await startedRegistry(registryControl(this));
    const lines = await lastLines(registry.log, flags.lines);
    await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
    if (flags.follow && !this.out.machine)
      await followLogs(this, [registry.log], (line) => this.runtime.stdout.write(`${line}\n`));
  }
}
