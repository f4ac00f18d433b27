import { string as argument } from '@oclif/core/args';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { runNickel } from '../../nickel/run.ts';

export default class NickelValidate extends ProvisioningCommand {
  static override summary = 'Type-check a Nickel file, or all of a folder';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning nickel validate config', 'provisioning nickel validate a.ncl'];
  static override args = { path: argument({ required: true, description: 'Nickel file or folder' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(NickelValidate);
    const files = await nickelFiles(resolve(this.runtime.cwd, args.path!));
    const results: { file: string; valid: boolean; reason?: string }[] = [];
    for (const file of files) {
      const { code, stderr } = await runNickel(this, ['typecheck', file]);
      results.push({ file, valid: code === 0, ...(code === 0 ? {} : { reason: stderr.trim() }) });
    }
    const valid = results.every((result) => result.valid);
    await this.out.result({ valid, files: results }, () =>
      results.flatMap(({ file, valid: good, reason }) => [
        `${this.out.style.mark(good ? 'ok' : 'error')} ${file}`,
        ...(reason === undefined ? [] : reason.split('\n').map((line) => `  ${line}`)),
      ]),
    );
    if (!valid) this.exitCode = 3;
  }
}

/** The file itself, or all Nickel files below a folder. @throws ProvisioningError `FILE_NOT_FOUND` (exit 5) */
async function nickelFiles(place: string): Promise<string[]> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile()) return [place];
  const names = found === undefined ? [] : await readdir(place, { recursive: true });
  const files = names.filter((name) => name.endsWith('.ncl')).map((name) => join(place, name));
  if (files.length > 0) return files.sort();
  throw new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `No Nickel file found: ${place}`,
  });
}
