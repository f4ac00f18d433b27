import { string as argument } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

/** What can be made, and the command that makes it. */
const makers: Readonly<Record<string, readonly string[]>> = {
  infra: ['generate', 'infra'],
  server: ['generate', 'server'],
  cluster: ['generate', 'extension', 'cluster'],
  taskserv: ['generate', 'extension', 'taskserv'],
  provider: ['generate', 'extension', 'provider'],
  extension: ['generate', 'extension', 'taskserv'],
  template: ['template', 'create'],
  workflow: ['generate', 'workflow'],
};

export default class GenerateNew extends ProvisioningCommand {
  static override summary =
    'Make something new of a kind: infra, server, taskserv, cluster, provider, extension, template, workflow';
  static override description = 'The same as the command for that kind, with all its options.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning generate new infra staging',
    'provisioning generate new taskserv my-api',
  ];
  static override strict = false;
  static override args = {
    type: argument({ required: true, description: 'kind' }),
    name: argument({ required: true, description: 'name' }),
  };

  async run(): Promise<void> {
    const type = this.argv.find((word) => !word.startsWith('-')) ?? '';
    const words = makers[type];
    if (words === undefined) {
      // Says what is missing where nothing was given.
      await this.parse(GenerateNew);
      throw new ProvisioningError({
        code: 'UNKNOWN_TYPE',
        kind: 'usage',
        message: `Unknown type: ${type}. Valid: ${Object.keys(makers).join(', ')}`,
      });
    }
    const at = this.argv.indexOf(type);
    const rest = [...this.argv.slice(0, at), ...this.argv.slice(at + 1)];
    const [first, second, kind] = words;
    const { default: Target } =
      first === 'template'
        ? await import('../template/create.ts')
        : second === 'infra'
          ? await import('./infra.ts')
          : second === 'server'
            ? await import('./server.ts')
            : second === 'workflow'
              ? await import('./workflow.ts')
              : await import('./extension.ts');
    const command = new Target(kind === undefined ? rest : [kind, ...rest], this.host);
    await command.run();
    this.out = command.out;
    this.exitCode = command.exitCode;
  }
}
