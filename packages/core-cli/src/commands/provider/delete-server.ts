import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ProviderDeleteServer extends ProvisioningCommand {
  static override summary = 'Ask a provider to delete a server of the current infrastructure';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete' };
  static override examples = ['provisioning provider delete-server try-01 --provider local --yes'];
  static override args = { name: argument({ required: true, description: 'hostname' }) };
  static override flags = {
    provider: string({ description: 'provider; default the configured one' }),
    force: boolean({ description: 'without a question, and without an orderly stop' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderDeleteServer);
    await using session = await openInfrastructure(this);
    const { style } = this.out;
    const said = (status: string, line: string) =>
      this.out.result({ action: 'delete', server: args.name, status }, () => [line]);
    try {
      // Asked before the provider is: to look for the server may start an engine.
      if (!flags.force) await this.confirm(`Delete server '${args.name}'`);
    } catch (thrown) {
      if (!(thrown instanceof ProvisioningError) || thrown.code !== 'CANCELLED') throw thrown;
      this.exitCode = 1;
      return said('cancelled', `${style.mark('info')} Cancelled`);
    }
    const configured = session.configuration.get('providers.default');
    const provider = flags.provider ?? (typeof configured === 'string' ? configured : 'local');
    const instance = await session.context.provider(provider);
    const ref = { hostname: args.name };
    if (!(await instance.serverExists(ref, { signal: this.signal }))) {
      throw new ProvisioningError({
        code: 'SERVER_NOT_FOUND',
        kind: 'not-found',
        message: `Server not found: ${args.name}`,
        hint: `List them with: provisioning provider list-servers ${provider}`,
      });
    }
    if (this.globals.check) return said('dry-run', `${style.mark('info')} Would delete ${args.name}`);
    await instance.deleteServer(ref, {
      keepStorage: false,
      force: flags.force,
      wait: true,
      signal: this.signal,
    });
    await said('deleted', `${style.mark('ok')} Deleted ${args.name}`);
  }
}
