import { string as argument } from '@oclif/core/args';
import { layerOverview, shownPath } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { layerTitle } from '../../layer/values.ts';
import { openLayers } from '../../session/modules.ts';
import { counted } from '../../output/counted.ts';

export default class LayerShow extends ProvisioningCommand {
  static override summary = 'Show the layers of an infrastructure and what each file does';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning layer show', 'provisioning layer show my-production --out json'];
  static override args = { infra: argument({ description: 'default the current one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(LayerShow);
    await using session = await openLayers(this, args.infra);
    const overview = await layerOverview(session.resolver);
    const { failures, layers } = overview;
    const { path } = session.selection;
    const { style } = this.out;
    await this.out.result(overview, () => [
      `Layer Resolution for ${overview.infra}:`,
      ...this.out.table(layers, [
        { title: 'LAYER', value: (row) => layerTitle(row.layer) },
        { title: 'PRIORITY', value: (row) => row.priority },
        {
          title: 'FILES',
          value: (row) => counted(row.files.length, 'file'),
        },
      ]),
      ...layers.flatMap(({ layer, files }) =>
        files.length === 0
          ? []
          : [
              '',
              style.strong(layerTitle(layer)),
              ...files.map(({ file, mark }) => `  • ${shownPath(file, path)} (${mark})`),
            ],
      ),
      ...(failures.length === 0 ? [] : ['']),
      ...failures.map(({ file, reason }) => `${style.mark('error')} ${shownPath(file, path)}: ${reason}`),
      '',
      'Resolution Order: Infrastructure → Workspace → Core',
      failures.length === 0
        ? `Status: ${style.mark('ok')} All layers resolved successfully`
        : `Status: ${style.mark('error')} ${counted(failures.length, 'file')} failed`,
    ]);
    if (failures.length > 0) this.exitCode = 3;
  }
}
