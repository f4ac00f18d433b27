import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { findSecret, gzip, writeTar } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { collectDiagnostics } from '../../diagnostics/collect.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { encode, isMachineFormat } from '../../output/formats.ts';

export default class DiagnosticsRun extends ProvisioningCommand {
  static override summary = 'Write a bundle for a problem report: versions, checks, configuration, logs';
  static override description =
    'Secrets are masked. --outfile names the archive; without it, diagnostics-<time>.tar.gz in this folder.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning diagnostics run',
    'provisioning diagnostics run --outfile /tmp/report.tar.gz',
    'provisioning diagnostics run --check',
  ];

  async run(): Promise<void> {
    await this.parse(DiagnosticsRun);
    const files = await collectDiagnostics(this);
    const folder = `diagnostics-${stamp(this.runtime.now())}`;
    const target = resolve(this.runtime.cwd, this.globals.outfile ?? `${folder}.tar.gz`);
    const names = files.map(({ path }) => path);
    if (!this.globals.check) {
      const entries = files.map(({ path, text }) => ({
        path: `${folder}/${path}`,
        content: Buffer.from(text),
        executable: false,
      }));
      const leak = entries.find(({ content }) => findSecret(content) !== undefined);
      if (leak !== undefined) {
        throw new ProvisioningError({
          code: 'SECRET_FOUND',
          message: `Nothing was written: ${leak.path} would hold a ${findSecret(leak.content) ?? 'secret'}`,
          hint: 'Take the secret out of the place it comes from, then run the command again.',
        });
      }
      const seconds = Math.floor(this.runtime.now() / 1000);
      await writeFile(target, gzip(writeTar(entries, seconds)), { mode: 0o600 });
    }
    const answer = { file: target, files: names, written: !this.globals.check };
    const done = this.globals.check ? `Would write ${target}` : `Diagnostics written: ${target}`;
    const lines = [
      `${this.out.style.mark(this.globals.check ? 'info' : 'ok')} ${done}`,
      ...names.map((name) => `  ${name}`),
    ];
    // --outfile is the archive here, so what was done goes to standard output.
    if (isMachineFormat(this.out.format))
      this.runtime.stdout.write(await encode(answer, this.out.format, this.out.options.pretty));
    else for (const line of lines) this.out.line(line);
  }
}

/** `20260131-142530`, in UTC. */
function stamp(now: number): string {
  const text = new Date(now).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}`;
}
