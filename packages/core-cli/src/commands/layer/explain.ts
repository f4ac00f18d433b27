import { join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { cataloguePackage, explainKey, shownPath } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { layerTitle, shortValue } from '../../layer/values.ts';
import { openLayers, selectIfAny } from '../../session/modules.ts';

export default class LayerExplain extends ProvisioningCommand {
  static override summary = 'Explain the layers, or where one value comes from';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning layer explain',
    'provisioning layer explain postgres.max_connections --infra my-prod',
  ];
  static override args = { key: argument({ description: 'module and key: postgres.max_connections' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(LayerExplain);
    if (args.key === undefined) return this.#explainLayers();
    await using session = await openLayers(this);
    const explanations = await explainKey(session.resolver, args.key);
    const { path } = session.selection;
    await this.out.result(explanations.length === 1 ? explanations[0] : explanations, () =>
      explanations.flatMap(({ module, key, chain }) => [
        this.out.style.strong(`${module}.${key}`),
        ...chain.map(
          ({ layer, file, line, value, wins }) =>
            `  ${wins ? this.out.style.mark('active') : this.out.style.mark('inactive')} ${shortValue(value)} (from ${layerTitle(layer)}) ${shownPath(file, path)}${line === undefined ? '' : `:${line}`}`,
        ),
      ]),
    );
  }

  async #explainLayers(): Promise<void> {
    const selection = await selectIfAny(this);
    const workspace = selection?.path ?? '<workspace>';
    const layers = [
      {
        title: 'CORE LAYER (100) - System Defaults',
        location: (await cataloguePackage([import.meta.url])) ?? 'the installed product',
        points: [
          'Base taskserv configurations',
          'Default provider settings',
          'Standard cluster templates',
          'Built-in extensions',
        ],
      },
      {
        title: 'WORKSPACE LAYER (200) - Shared Templates',
        location: join(workspace, 'templates'),
        points: [
          'Organization-wide patterns',
          'Reusable configurations',
          'Team standards',
          'Custom extensions',
        ],
      },
      {
        title: 'INFRASTRUCTURE LAYER (300) - Project Specific',
        location: join(workspace, 'infra', selection?.infra ?? '{project}'),
        points: [
          'Project-specific overrides',
          'Environment customizations',
          'Local modifications',
          'Runtime settings',
        ],
      },
    ];
    await this.out.result({ layers, resolution: ['infrastructure', 'workspace', 'core'] }, () => [
      this.out.style.strong('LAYER SYSTEM EXPLAINED'),
      'The layer system provides configuration inheritance across 3 levels:',
      ...layers.flatMap(({ title, location, points }) => [
        this.out.style.strong(title),
        `   Location: ${location}`,
        ...points.map((point) => `   • ${point}`),
      ]),
      'Resolution: Infrastructure → Workspace → Core',
      'Higher priority layers override lower ones.',
    ]);
  }
}
