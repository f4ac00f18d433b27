import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { createDirectly, directSpecification } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ProviderCreateServer extends ProvisioningCommand {
  static override summary = 'Ask a provider for a server that no definition knows, to try the provider';
  static override description =
    'It carries the tags of the current infrastructure: a deploy without it in the definition deletes it again.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning provider create-server try-01 small --provider local --dry-run',
    'provisioning provider create-server try-01 cx22 --provider hetzner --zone auto --storage 40',
  ];
  static override args = {
    name: argument({ required: true, description: 'hostname' }),
    plan: argument({ required: true, description: 'plan of the provider, or a portable one' }),
  };
  static override flags = {
    provider: string({ description: 'provider; default the configured one' }),
    zone: string({ description: 'zone, or auto', default: 'auto' }),
    template: string({ description: 'operating system or image' }),
    storage: integer({ description: 'GB of the root disk', default: 25, min: 10, max: 2048 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderCreateServer);
    await using session = await openInfrastructure(this);
    const configured = session.configuration.get('providers.default');
    const provider = flags.provider ?? (typeof configured === 'string' ? configured : 'local');
    const { context } = session;
    const template = flags.template ?? this.globals.template;
    const spec = await directSpecification(
      { ...context, idempotencyKey: `direct/${args.name}` },
      {
        name: args.name,
        provider,
        plan: args.plan,
        zone: flags.zone,
        disk: flags.storage,
        ...(template === undefined ? {} : { os: template }),
      },
    );
    const config = {
      name: args.name,
      plan: spec.plan || args.plan,
      zone: spec.zone,
      template: spec.os,
      storage: spec.disk,
      provider,
    };
    const { style } = this.out;
    if (this.globals.check) {
      await this.out.result({ action: 'create', config, status: 'dry-run' }, () => [
        `${style.mark('info')} Would create ${args.name} (${config.plan}) at ${provider} in ${spec.zone}`,
      ]);
      return;
    }
    await this.confirm(`Create server ${args.name} (${config.plan}) at ${provider} in ${spec.zone}?`);
    const server = await createDirectly(
      { ...context, report: (step) => step.type === 'log' && this.out.progress(step.message) },
      provider,
      spec,
    );
    const { public: outside, private: inside, ipv6 } = server.ip_addresses;
    const address = outside ?? inside ?? ipv6 ?? null;
    await this.out.result(
      {
        server: args.name,
        status: 'created',
        id: server.id,
        ip_address: address,
        created_at: server.created_at,
      },
      () => [`${style.mark('ok')} Created ${args.name}: ${server.id}, ${address ?? 'no address yet'}`],
    );
  }
}
