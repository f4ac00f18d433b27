import { candidates } from '../../completion/candidates.ts';
import { localNames } from '../../completion/names.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionWords extends ProvisioningCommand {
  static override summary = 'Words that may come next; the completion scripts ask this';
  static override hidden = true;
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning completion words -- server li'];

  async run(): Promise<void> {
    await this.parse(CompletionWords);
    const found = await candidates(this.host.catalogue, this.host.passthrough, (kind) =>
      localNames(this, kind),
    ).catch(() => []);
    await this.out.raw(found.map(({ word, description }) => `${word}\t${description}\n`).join(''));
  }
}
