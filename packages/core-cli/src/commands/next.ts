import { infraPath, listInfrastructures, StateFile } from '@provisioning/core';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { loadDefinition } from '../session/infrastructure.ts';
import { configurationOf, select } from '../session/workspace.ts';

interface Advice {
  readonly phase: string;
  readonly commands: readonly { readonly command: string; readonly reason: string }[];
}

export default class Next extends ProvisioningCommand {
  static override summary = 'What to do next';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning next'];

  async run(): Promise<void> {
    await this.parse(Next);
    const advice = await this.#advise();
    await this.out.result(advice, () => [
      this.out.style.strong(advice.phase),
      ...advice.commands.map(({ command, reason }) => `  ${this.out.style.note(command)}\n      ${reason}`),
    ]);
  }

  async #advise(): Promise<Advice> {
    const selection = await select(this, 'optional').catch(() => undefined);
    if (!selection) {
      return advise('No workspace yet', [
        [
          'provisioning workspace init shop --template demo --activate',
          'makes a workspace with three example servers',
        ],
        ['provisioning workspace list', 'shows the ones there are'],
      ]);
    }
    const names = await listInfrastructures(selection.path);
    if (names.length === 0 || selection.infra === undefined) {
      return advise('No infrastructure chosen', [['provisioning infra list', 'then name one with --infra']]);
    }
    const definition = await loadDefinition(this, selection, await configurationOf(this, selection)).catch(
      () => undefined,
    );
    if (!definition)
      return advise('The definition is not valid', [
        ['provisioning infra validate', 'lists every error with its line'],
      ]);
    if (definition.servers.length === 0) {
      return advise('No servers defined', [
        ['provisioning infra show', `edit servers.toml in ${definition.path}`],
      ]);
    }
    const state = await new StateFile(infraPath({ workspace: selection, infra: definition.name })).read();
    if (Object.keys(state.servers).length === 0) {
      return advise('Ready to create servers', [
        ['provisioning plan', 'shows what would be done'],
        ['provisioning deploy', 'does it'],
      ]);
    }
    return advise('Running', [
      ['provisioning plan', 'shows whether anything has drifted'],
      ['provisioning taskserv list --installed', 'asks the servers what is installed'],
      ['provisioning workflow list', 'shows what has been done'],
    ]);
  }
}

function advise(phase: string, commands: readonly (readonly [string, string])[]): Advice {
  return { phase, commands: commands.map(([command, reason]) => ({ command, reason })) };
}
