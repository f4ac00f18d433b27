import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { libraryFunctions } from '../nu/library.ts';

export default class Nuinfo extends ProvisioningCommand {
  static override summary = 'Show the runtime of the interactive shell and what is at hand in it';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning nuinfo'];

  async run(): Promise<void> {
    await this.parse(Nuinfo);
    const info = {
      version: this.host.catalogue.version,
      node: process.versions.node,
      v8: process.versions.v8,
      program: process.execPath,
      library: libraryFunctions,
    };
    const longest = Math.max(...Object.keys(libraryFunctions).map(({ length }) => length));
    await this.out.result(info, () => [
      `Provisioning ${info.version}, Node.js ${info.node} (V8 ${info.v8})`,
      info.program,
      '',
      'In provisioning nu:',
      ...Object.entries(libraryFunctions).map(([call, summary]) => `  ${call.padEnd(longest)}  ${summary}`),
    ]);
  }
}
