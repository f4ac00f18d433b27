import { string as argument } from '@oclif/core/args';
import { type LayerName, type Resolution, resolveModule, shownPath } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { layerTitle, shortValue } from '../../layer/values.ts';
import { openLayers } from '../../session/modules.ts';

const shown: readonly { readonly layer: LayerName; readonly priority: number }[] = [
  { layer: 'infrastructure', priority: 300 },
  { layer: 'workspace', priority: 200 },
  { layer: 'core', priority: 100 },
];

export default class LayerTest extends ProvisioningCommand {
  static override summary = 'Resolve one module and show what each layer gives';
  static override description =
    'With a third argument what that provider gives its servers and is set to is resolved too.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning layer test postgres',
    'provisioning layer test kubernetes my-production',
    'provisioning layer test redis my-production upcloud',
  ];
  static override args = {
    module: argument({ required: true, description: 'taskserv, provider or cluster' }),
    infra: argument({ description: 'default the current one' }),
    provider: argument({ description: 'provider whose defaults apply too' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(LayerTest);
    await using session = await openLayers(this, args.infra);
    const { infra, path } = session.selection;
    let resolutions: Resolution[];
    try {
      resolutions = [await resolveModule(session.resolver, args.module)];
      if (args.provider !== undefined)
        resolutions.push(await session.resolver.resolve('provider', args.provider));
    } catch (cause) {
      const error = ProvisioningError.from(cause);
      if (error.code !== 'MODULE_UNKNOWN') throw error;
      throw new ProvisioningError({ ...error.toJSON(), message: `Resolution: ${error.message}`, cause });
    }
    await this.out.result(resolutions.length === 1 ? resolutions[0] : resolutions, () =>
      resolutions.flatMap((resolution) => this.#view(resolution, infra, path)),
    );
  }

  #view(resolution: Resolution, infra: string, workspace: string): string[] {
    const { style } = this.out;
    const { name, provenance, sources } = resolution;
    return [
      style.strong(`Layer Resolution Test: ${name} → ${infra}`),
      `Resolving ${name} configuration...`,
      ...shown.flatMap(({ layer, priority }) => {
        const files = [
          ...new Set(sources.filter((source) => source.layer === layer).map(({ file }) => file)),
        ];
        const given = provenance.filter((leaf) => leaf.layer === layer);
        return [
          style.strong(`${layerTitle(layer)} Layer (${priority}):`),
          ...(files.length === 0
            ? ['  ⊘ Not found']
            : files.map((file) => `  ${style.mark('ok')} Found: ${shownPath(file, workspace)}`)),
          ...(given.length === 0 ? [] : ['  Provides:']),
          ...given.map(({ path, value, action }) => `    • ${path} = ${shortValue(value)} (${action})`),
        ];
      }),
      'Final Configuration (after merging all layers):',
      ...provenance.map(
        ({ path, value, layer }) => `  ${path}: ${shortValue(value)} (from ${layerTitle(layer)})`,
      ),
      `Resolution: ${style.mark('ok')} Success`,
    ];
  }
}
