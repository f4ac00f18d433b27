import { string as argument } from '@oclif/core/args';
import { resolve } from 'node:path';
import { readDocument, userDirectories } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { selectOptional } from '../../session/workspace.ts';
import { join } from 'node:path';

export default class ConfigEval extends ProvisioningCommand {
  static override summary = 'Evaluate a configuration file of any language and print its data';
  static override description = 'TOML, YAML, JSON, TypeScript, Nickel or KCL. Interpolation is not applied.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config eval config/provisioning.ts --out yaml'];
  static override args = { file: argument({ required: true, description: 'file' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigEval);
    const surroundings = surroundingsOf(this.runtime);
    const selection = await selectOptional(this);
    const file = resolve(this.runtime.cwd, args.file!);
    const document = await readDocument(file, {
      evaluate: {
        context: {
          workspace: selection?.name ?? '',
          infra: selection?.infra ?? '',
          environment: this.globals.environment ?? selection?.environment ?? '',
          env: surroundings.env,
          params: {},
        },
        cacheFolder: join(userDirectories(surroundings).cache, 'config-cache'),
        signal: this.signal,
      },
    });
    if (document === undefined) {
      throw new ProvisioningError({
        code: 'FILE_NOT_FOUND',
        kind: 'not-found',
        message: `File not found: ${file}`,
      });
    }
    await this.out.result(document.value, () => JSON.stringify(document.value, null, 2).split('\n'));
  }
}
