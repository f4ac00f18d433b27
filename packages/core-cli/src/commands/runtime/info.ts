import { detectRuntime, findCompose, runtimeVersion } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runtimeOptions } from '../../container-runtime/open.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class RuntimeInfo extends ProvisioningCommand {
  static override summary = 'Show the container runtime: command, version, compose';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning runtime info'];

  async run(): Promise<void> {
    await this.parse(RuntimeInfo);
    const options = await runtimeOptions(this);
    const runtime = await detectRuntime(options);
    const compose = await findCompose(runtime, options).catch((thrown: unknown) => {
      if (thrown instanceof ProvisioningError && thrown.code === 'COMPOSE_NOT_FOUND') return undefined;
      throw thrown;
    });
    const info = {
      name: runtime.name,
      command: runtime.command.join(' '),
      version: await runtimeVersion(runtime.name, options),
      platform: `${this.runtime.platform} ${process.arch}`,
      context: runtime.command[2] ?? null,
      compose: compose?.command.join(' ') ?? null,
    };
    await this.out.result(info, () => [
      `Runtime:   ${info.name} ${info.version ?? ''}`.trimEnd(),
      `Command:   ${info.command}`,
      `Platform:  ${info.platform}`,
      ...(info.context === null ? [] : [`Context:   ${info.context}`]),
      `Compose:   ${info.compose ?? 'not available'}`,
    ]);
  }
}
