import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderInfo extends ProvisioningCommand {
  static override summary = 'Show what a provider can do and where it comes from';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning provider info hetzner'];
  static override args = { provider: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderInfo);
    await using session = await openProviders(this);
    const info = await session.registry.info(args.provider);
    const { style } = this.out;
    const can = Object.entries(info.capabilities ?? {}).flatMap(([name, value]) =>
      value === true ? [name] : typeof value === 'string' ? [`${name} (${value})`] : [],
    );
    await this.out.result(info, () => [
      `${style.strong(info.name)} ${info.version}  ${info.status}`,
      `  ${info.metadata?.description ?? info.description}`,
      `  Source:        ${info.source} (${info.path})`,
      `  Certified:     ${info.certified ? 'yes' : 'no'}${info.signed_by === undefined ? '' : ` (signed by ${info.signed_by})`}`,
      `  Capabilities:  ${can.join(', ') || '-'}`,
      `  Regions:       ${info.metadata?.regions.join(', ') || '-'}`,
      `  Needs:         ${info.metadata?.required_auth.join(', ') || 'no credentials'}`,
      ...(info.error === undefined ? [] : [`${style.mark('error')} ${info.error}`]),
    ]);
  }
}
