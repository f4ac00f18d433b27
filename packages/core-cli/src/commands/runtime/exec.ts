import { string as argument } from '@oclif/core/args';
import { detectRuntime, forgetRuntime, isRuntimeName, splitWords } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runProgram } from '../../child/run-program.ts';
import { runtimeOptions } from '../../container-runtime/open.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class RuntimeExec extends ProvisioningCommand {
  static override summary = 'Run a command with the container runtime that is there; its exit code is ours';
  static override description =
    'A first word such as docker means whatever runtime there is. One argument is split as a shell splits it; no shell\nis run.';
  static override spec: CommandSpec = { access: 'l', workspace: false };
  static override examples = [
    "provisioning runtime exec 'docker ps'",
    'provisioning runtime exec -- ps --all',
    "provisioning runtime exec 'docker images' --check",
  ];
  static override strict = false;
  static override args = { command: argument({ description: 'command line' }) };

  async run(): Promise<void> {
    const { argv } = await this.parse(RuntimeExec);
    const given = [...(argv as string[]), ...this.host.passthrough];
    const words = given.length === 1 ? splitWords(given[0]!) : given;
    if (words.length === 0) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required argument: command\nUsage: provisioning runtime exec <command>',
      });
    }
    const options = await runtimeOptions(this);
    const { command } = await detectRuntime(options);
    const line = [...command, ...(isRuntimeName(words[0]!) ? words.slice(1) : words)];
    if (this.globals.check) {
      await this.out.result({ check_mode: true, action: 'runtime.exec', command: line }, () => [
        `Would execute: [${line.join(' ')}]`,
      ]);
      return;
    }
    this.exitCode = await runProgram(this, line);
    if (this.exitCode !== 0) await forgetRuntime(options.surroundings);
  }
}
