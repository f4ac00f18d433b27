import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { writeFileAtomic } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { completionScript, type Shell, shells } from '../../completion/scripts.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CompletionInstall extends ProvisioningCommand {
  static override summary = 'Install completion for your shell';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning completion install', 'provisioning completion install fish'];
  static override args = {
    shell: argument({ description: 'shell; default the one you use', options: [...shells] }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(CompletionInstall);
    const shell = (args.shell ?? basename(this.runtime.environment['SHELL'] ?? '')) as Shell;
    const home = this.runtime.environment['HOME'] ?? homedir();
    const data = this.runtime.environment['XDG_DATA_HOME'] || join(home, '.local/share');
    const config = this.runtime.environment['XDG_CONFIG_HOME'] || join(home, '.config');
    const places: Partial<Record<Shell, string>> = {
      bash: join(data, 'bash-completion/completions/provisioning'),
      zsh: join(data, 'zsh/site-functions/_provisioning'),
      fish: join(config, 'fish/completions/provisioning.fish'),
    };
    const file = places[shell];
    if (file === undefined) {
      throw new ProvisioningError({
        code: 'SHELL_NOT_SUPPORTED',
        kind: 'usage',
        message: `No place is known to install completion for '${shell || 'this shell'}'`,
        hint: `Name one of bash, zsh, fish, or load it yourself: provisioning completion ${shells.includes(shell) ? shell : 'bash'}`,
      });
    }
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would write: ${file}`);
      return;
    }
    await writeFileAtomic(file, completionScript(shell), 0o644);
    await this.out.result({ shell, file }, () => [
      `${this.out.style.mark('ok')} Completion for ${shell} installed: ${file}`,
    ]);
    if (shell === 'zsh') this.out.info(`Add to ~/.zshrc before compinit: fpath=(${dirname(file)} $fpath)`);
    else this.out.info('It works in the next shell you open');
  }
}
