import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { type ExtensionRecord, describeExtension, extensionKinds, parseKind } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionInfo extends ProvisioningCommand {
  static override summary = 'Show the manifest of an extension and where it was found';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning extension info local',
    'provisioning extension info redis --type taskserv',
  ];
  static override args = { name: argument({ required: true, description: 'name or alias' }) };
  static override flags = { type: string({ description: 'provider, taskserv or cluster' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionInfo);
    const { catalogue } = await currentCatalogue(this);
    const kinds = flags.type === undefined ? extensionKinds : [parseKind(flags.type)];
    const found: ExtensionRecord[] = [];
    for (const kind of kinds) found.push(...(await catalogue.layers(kind, args.name)));
    const [record, ...shadowed] = found;
    if (record === undefined) {
      const bad = catalogue.rejected.find(({ name }) => name === args.name);
      throw new ProvisioningError({
        code: 'EXTENSION_NOT_FOUND',
        kind: 'not-found',
        message: `Extension '${args.name}' not found`,
        hint:
          bad === undefined
            ? "Run 'provisioning extension discover'."
            : `${bad.path} was left out: ${bad.reason}`,
      });
    }
    const described = await describeExtension(record);
    const document = { ...described, manifest: record.manifest, shadowed: shadowed.map(({ path }) => path) };
    const { style } = this.out;
    const line = (title: string, value: unknown): string[] =>
      value === undefined || value === ''
        ? []
        : [`${title}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];
    await this.out.result(document, () => [
      `${style.strong(record.name)} ${record.version} (${record.type})`,
      ...line('Description', record.description),
      ...line('Category', record.category),
      ...line('Layer', record.layer),
      ...line('Path', record.path),
      ...line('Author', record.manifest['author']),
      ...line('License', record.manifest['license']),
      ...line('Status', record.enabled ? 'enabled' : 'disabled'),
      ...line('Requires', ranges(record.manifest['dependencies'])),
      ...line('Permissions', record.manifest['permissions']),
      ...shadowed.map(({ path, layer }) => `Shadows: ${path} (${layer})`),
    ]);
  }
}

/** Names and ranges of what an extension needs, as people read them. */
function ranges(dependencies: unknown): string {
  return Object.entries((dependencies ?? {}) as Readonly<Record<string, unknown>>)
    .map(([name, range]) => `${name} ${String(range)}`)
    .join(', ');
}
