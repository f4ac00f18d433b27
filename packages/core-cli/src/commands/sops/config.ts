import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { string } from '@oclif/core/flags';
import { ageKeyFiles, ageKeyPlaces, setConfigurationKey } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { missingTools } from '../../status/checks.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';

export default class SopsConfig extends ProvisioningCommand {
  static override summary = 'Show with which keys files are decrypted, or set the key file';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning sops config',
    'provisioning sops config --key-file ~/.config/sops/age/keys.txt',
  ];
  static override flags = {
    'key-file': string({
      description: 'age key file; stored as sops.key_search_paths in your configuration',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SopsConfig);
    if (flags['key-file'] !== undefined) await this.#store(flags['key-file']);
    const surroundings = surroundingsOf(this.runtime);
    const keys = await ageKeyFiles(surroundings, ageKeyPlaces(surroundings));
    const used = keys.find(({ found }) => found)?.file ?? null;
    const program = (await missingTools(this, ['sops'])).length === 0;
    const rules = await this.#rules();
    await this.out.result({ engine: 'age', sops: program, rules, keys, key: used }, () => {
      const { style } = this.out;
      return [
        'Engine:        age, built in',
        `sops program:  ${program ? 'there' : 'not there (needed for files that sops keeps)'}`,
        `.sops.yaml:    ${rules ?? 'none'}`,
        'Keys:',
        ...keys.map(
          ({ file, found }) =>
            `  ${style.mark(file === used ? 'active' : 'inactive')} ${file}${found ? '' : '  (not there)'}`,
        ),
        ...(used === null
          ? [
              '',
              'No key yet. Make one: age-keygen -o <file>, then provisioning sops config --key-file <file>',
            ]
          : []),
      ];
    });
  }

  async #store(name: string): Promise<void> {
    const { home, cwd } = surroundingsOf(this.runtime);
    const file = resolve(cwd, name.replace(/^~(?=\/)/, home));
    if ((await stat(file).catch(() => undefined)) === undefined) {
      throw new ProvisioningError({
        code: 'FILE_NOT_FOUND',
        kind: 'not-found',
        message: `File not found: ${file}`,
        hint: `Make a key: age-keygen -o ${file}`,
      });
    }
    await setConfigurationKey({
      ...loadOptionsOf(this, await selectOptional(this)),
      key: 'sops.key_search_paths',
      text: JSON.stringify([file]),
      scope: 'user',
      check: this.globals.check,
    });
    this.out.success(`${this.globals.check ? 'Would set' : 'Set'} sops.key_search_paths = ${file}`);
  }

  /** The `.sops.yaml` in force: of this folder or of one above it. */
  async #rules(): Promise<string | null> {
    for (let folder = this.runtime.cwd; ; folder = resolve(folder, '..')) {
      const file = join(folder, '.sops.yaml');
      if ((await stat(file).catch(() => undefined)) !== undefined) return file;
      if (folder === resolve(folder, '..')) return null;
    }
  }
}
