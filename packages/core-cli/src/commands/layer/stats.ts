import { layerStatistics } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openLayers } from '../../session/modules.ts';
import { counted } from '../../output/counted.ts';

export default class LayerStats extends ProvisioningCommand {
  static override summary = 'Count files, templates and resolutions of the workspace';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning layer stats'];

  async run(): Promise<void> {
    await this.parse(LayerStats);
    await using session = await openLayers(this);
    const statistics = await layerStatistics(session.resolver);
    const { infrastructure, workspace, core, performance } = statistics;
    const most = workspace.most_used;
    await this.out.result(statistics, () => [
      this.out.style.strong('Layer System Statistics:'),
      'Infrastructure Layer:',
      `• Projects: ${infrastructure.projects}`,
      `• Total files: ${infrastructure.total_files}`,
      `• Average overrides per project: ${infrastructure.average_overrides}`,
      'Workspace Layer:',
      `• Templates: ${workspace.templates}`,
      ...(most === undefined ? [] : [`• Most used: ${most.name} (${counted(most.projects, 'project')})`]),
      `• Custom templates: ${workspace.custom_templates}`,
      'Core Layer:',
      `• Taskservs: ${core.taskservs}`,
      `• Providers: ${core.providers}`,
      `• Clusters: ${core.clusters}`,
      'Resolution Performance:',
      `• Average resolution time: ${performance.average_ms}ms`,
      `• Cache hit rate: ${Math.round(performance.hit_rate * 100)}%`,
      `• Total resolutions: ${performance.resolutions.toLocaleString('en-US')}`,
    ]);
  }
}
