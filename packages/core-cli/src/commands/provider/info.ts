import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { shortValue } from '../../layer/values.ts';
import { schemaColumns, schemaRows, schemasOf, settingsInForce } from '../../provider/schema.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderInfo extends ProvisioningCommand {
  static override summary = 'Show what a provider can do and where it comes from';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning provider info hetzner',
    'provisioning provider info aws --schema',
  ];
  static override flags = {
    schema: boolean({ description: 'what can be set, with types and defaults', aliases: ['kcl'] }),
  };
  static override args = { provider: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderInfo);
    await using session = await openProviders(this);
    const found = await session.registry.info(args.provider);
    const settings = settingsInForce(session.configuration, found.name);
    const schema = flags.schema ? await schemasOf(session.project, found.name) : undefined;
    const info = { ...found, settings, ...(schema === undefined ? {} : { schema }) };
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
      ...(settings.length === 0 ? [] : ['  Settings:']),
      ...settings.map(
        ({ key, value, layer, file, line }) =>
          `    ${key} = ${shortValue(value)} (${file === undefined ? layer : `${file}${line === undefined ? '' : `:${line}`}`})`,
      ),
      ...(schema ? ['', ...this.out.table(schemaRows(schema), schemaColumns)] : []),
      ...(info.error === undefined ? [] : [`${style.mark('error')} ${info.error}`]),
    ]);
  }
}
