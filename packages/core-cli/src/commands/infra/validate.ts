import { string as argument } from '@oclif/core/args';
import { ExtensionCatalogue, type Infrastructure, userDirectories } from '@provisioning/core';
import { type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadDefinition } from '../../session/infrastructure.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class InfraValidate extends ProvisioningCommand {
  static override summary = 'Check the definition of an infrastructure without touching anything';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning infra validate',
    'provisioning infra validate --infra demo --out json',
  ];
  static override args = { infra: argument({ description: 'name; default the current one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(InfraValidate);
    if (args.infra !== undefined) this.globals = { ...this.globals, infra: args.infra };
    const selection = await select(this, 'required');
    const infrastructure = await loadDefinition(this, selection, await configurationOf(this, selection));
    const issues = await this.#findUnknownExtensions(infrastructure, selection.path);
    if (infrastructure.servers.length === 0) issues.push({ message: 'At least one server required' });
    if (issues.length > 0) {
      throw new ProvisioningError({
        code: 'INFRA_INVALID',
        kind: 'configuration',
        message: `Infrastructure '${infrastructure.name}' is not valid: ${issues.length} ${issues.length === 1 ? 'error' : 'errors'}`,
        issues,
      });
    }
    const taskservs = new Set(
      infrastructure.servers.flatMap((server) => server.taskservs.map(({ name }) => name)),
    );
    const counts = { servers: infrastructure.servers.length, taskservs: taskservs.size };
    await this.out.result(
      { valid: true, name: infrastructure.name, ...counts, errors: [], warnings: [] },
      () => [
        `${this.out.style.mark('ok')} Configuration valid`,
        `${this.out.style.mark('ok')} Infrastructure '${infrastructure.name}': ${counts.servers} servers, ${counts.taskservs} taskservs`,
      ],
    );
  }

  async #findUnknownExtensions(infrastructure: Infrastructure, workspacePath: string): Promise<Issue[]> {
    const catalogue = new ExtensionCatalogue({
      workspacePath,
      infra: infrastructure.name,
      dataPath: userDirectories(surroundingsOf(this.runtime)).data,
      moduleUrls: [import.meta.url],
    });
    const issues: Issue[] = [];
    for (const server of infrastructure.servers) {
      const wanted = [
        ['provider', server.provider],
        ...server.taskservs.map(({ name }) => ['taskserv', name]),
      ] as ['provider' | 'taskserv', string][];
      for (const [kind, name] of wanted) {
        if (await catalogue.find(kind, name)) continue;
        issues.push({
          message: `Server '${server.hostname}': unknown ${kind} '${name}'`,
          code: `${kind.toUpperCase()}_NOT_FOUND`,
        });
      }
    }
    return issues;
  }
}
