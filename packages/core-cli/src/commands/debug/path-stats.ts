import { analyzeProjectStructure, resolveWorkspacePaths, validatePaths } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openWorkspace } from '../../session/workspace.ts';

export default class DebugPathStats extends ProvisioningCommand {
  static override summary = 'Show what the folders of the workspace hold';
  static override description =
    'Extensions and infrastructures by number, files of configuration, the folders by their use, and how many paths were\nchecked.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning debug path-stats', 'provisioning debug path-stats --out json'];

  async run(): Promise<void> {
    await this.parse(DebugPathStats);
    const { selection, configuration } = await openWorkspace(this, 'optional');
    const structure = analyzeProjectStructure(selection.path);
    const paths = resolveWorkspacePaths(selection.path, selection.infra ?? '');
    const { valid, errors, warnings, checks_performed: checks } = await validatePaths(configuration);
    const report = { valid, checks_performed: checks, errors: errors.length, warnings: warnings.length };
    await this.out.result({ ...structure, paths, validation: report }, () => [
      `${structure.root} (${structure.type.replaceAll('_', ' ')})`,
      ...Object.entries(structure.components).map(([name, count]) => `  ${name}: ${count}`),
      `  configuration: ${structure.config_files.join(', ')}`,
      `  paths checked: ${checks}, ${errors.length} wrong, ${warnings.length} missing`,
    ]);
  }
}
