import { resolve } from 'node:path';
import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { encryptFile, openEncrypted, saveEncrypted } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { editSecure, isSopsFile, runSops } from '../../editor/edit-secure.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class Sops extends ProvisioningCommand {
  static override summary = 'Edit, encrypt or decrypt a file with secrets';
  static override description =
    'Opens the file in your editor, or does what the option says. What is encrypted here is an age file; files that sops\nkeeps are handed to that program. Nothing plain is written.';
  static override spec: CommandSpec = {
    access: 'l',
    workspace: false,
    sideEffect: 'update',
    interactive: true,
  };
  static override examples = [
    'provisioning sops config/secure.yaml',
    'provisioning sops --encrypt config/secure.yaml',
    'provisioning sops --decrypt config/secure.yaml',
    'SOPS_AGE_RECIPIENTS=age1first,age1second provisioning sops --rotate-keys config/secure.yaml',
  ];
  static override args = { file: argument({ required: true, description: 'file' }) };
  static override flags = {
    encrypt: boolean({ description: 'encrypt the file in place', exclusive: ['decrypt', 'rotate-keys'] }),
    decrypt: boolean({ description: 'print the plain content', exclusive: ['encrypt', 'rotate-keys'] }),
    'rotate-keys': boolean({ description: 'encrypt it anew, for those who may read it now' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Sops);
    const name = args.file!;
    if (flags.encrypt) return this.#encrypt(name);
    if (flags.decrypt) return this.#decrypt(name);
    if (flags['rotate-keys']) return this.#rotate(name);
    await editSecure(this, name);
  }

  async #encrypt(name: string): Promise<void> {
    const { check } = this.globals;
    const result = await encryptFile(surroundingsOf(this.runtime), name, { inPlace: true, check });
    await this.out.result({ file: result.to, changed: !result.skipped, check_mode: check }, () => [
      result.skipped
        ? `Encrypted already: ${result.to}`
        : check
          ? `Would encrypt: ${result.to}`
          : `${this.out.style.mark('ok')} Encrypted: ${result.to}`,
    ]);
  }

  async #decrypt(name: string): Promise<void> {
    const file = resolve(this.runtime.cwd, name);
    if (await isSopsFile(file)) return runSops(this, ['--decrypt', file]);
    const { text, encrypted, stored } = await openEncrypted(surroundingsOf(this.runtime), name);
    if (stored === undefined) throw notFound(file);
    if (!encrypted) this.out.warn(`${file} is not encrypted`);
    await this.out.raw(text);
  }

  async #rotate(name: string): Promise<void> {
    const surroundings = surroundingsOf(this.runtime);
    const file = resolve(this.runtime.cwd, name);
    const { check } = this.globals;
    if (await isSopsFile(file)) {
      if (!check) await runSops(this, ['rotate', '--in-place', file]);
    } else {
      const opened = await openEncrypted(surroundings, name);
      if (opened.stored === undefined) throw notFound(file);
      if (!check) await saveEncrypted(surroundings, opened, opened.text);
    }
    await this.out.result({ file, changed: !check, check_mode: check }, () => [
      check ? `Would encrypt anew: ${file}` : `${this.out.style.mark('ok')} Encrypted anew: ${file}`,
    ]);
  }
}

function notFound(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `File not found: ${file}`,
    location: { file },
  });
}
