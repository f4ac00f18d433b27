import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { namedSchemas, schemaPage, formOfSchema } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ConfigSchema extends ProvisioningCommand {
  static override summary = 'Print the schema of something a definition can say';
  static override description = 'As JSON Schema, as a form for provisioning form, or as a reference page.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config schema server',
    'provisioning config schema configuration --format md',
  ];
  static override args = {
    name: argument({ required: true, description: Object.keys(namedSchemas).join(', ') }),
  };
  static override flags = {
    format: string({
      description: 'form of the answer',
      options: ['json-schema', 'form', 'md'],
      default: 'json-schema',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigSchema);
    const schema = Object.hasOwn(namedSchemas, args.name!) ? namedSchemas[args.name!] : undefined;
    if (schema === undefined) {
      throw new ProvisioningError({
        code: 'SCHEMA_NOT_FOUND',
        kind: 'not-found',
        message: `Schema not found: ${args.name}`,
        hint: `Schemas: ${Object.keys(namedSchemas).join(', ')}`,
      });
    }
    if (flags.format === 'md') return this.out.raw(schemaPage(args.name!, schema));
    if (flags.format === 'form') {
      const { stringify } = await import('smol-toml');
      return this.out.raw(`${stringify(formOfSchema(args.name!, schema as object))}\n`);
    }
    await this.out.raw(`${JSON.stringify(schema, null, 2)}\n`);
  }
}
