import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { login, modeRules, passwordRequired, readPassword, readTokenFile } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { ask } from '@provisioning/core';
import { canPrompt } from '../../prompt/confirm.ts';

export default class OciLogin extends ProvisioningCommand {
  static override summary = 'Log in to a registry';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'update',
    interactive: true,
  };
  static override examples = ['provisioning oci login registry.example.com --username ann --password-stdin'];
  static override args = { registry: argument({ required: true, description: 'host[:port]' }) };
  static override flags = {
    ...registryFlags,
    username: string({ description: 'user', default: '_token' }),
    'password-stdin': boolean({ description: 'read the password from standard input' }),
    'token-file': string({ description: 'read the token from a file' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciLogin);
    await using session = await openArtifacts(this, { ...flags, registry: args.registry });
    const host = session.artifacts.settings.registry;
    const file = flags['token-file'];
    const password =
      file === undefined
        ? await readPassword(
            flags['password-stdin'] ? { stdin: this.runtime.stdin } : { prompt: await this.#prompt() },
          )
        : await readTokenFile(resolve(this.runtime.cwd, file), {
            strict: modeRules[session.artifacts.settings.mode].strictTokenFiles,
            warn: (message) => this.out.warn(message),
          });
    const stored = await login(session.artifacts, {
      host,
      username: flags.username,
      password,
      check: this.globals.check,
    });
    await this.out.result({ registry: host, username: flags.username, ...stored }, () => [
      this.globals.check
        ? `${this.out.style.mark('ok')} ${host} accepts the credentials; nothing was stored`
        : `${this.out.style.mark('ok')} Logged in to ${host}`,
    ]);
    if (stored.file !== undefined) this.out.warn(`Credentials stored unencrypted in ${stored.file}`);
  }

  /** The password from the terminal, not echoed. */
  async #prompt(): Promise<string> {
    if (!canPrompt(this.runtime)) throw passwordRequired();
    return ask(this.runtime, 'Password: ', { hidden: true });
  }
}
