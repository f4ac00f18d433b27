import { boolean, integer } from '@oclif/core/flags';
import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryControl, startedRegistry } from '../../oci-registry/control.ts';

export default class OciRegistryLogs extends ProvisioningCommand {
  static override summary = 'Show what the local registry wrote';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci-registry logs --lines 100'];
  static override flags = {
    lines: integer({ description: 'newest lines', default: 50, min: 1 }),
    follow: boolean({ char: 'f', description: 'go on as more is written, until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciRegistryLogs);
    const registry = await startedRegistry(registryControl(this));
    const text = await readFile(registry.log, 'utf8').catch(() => '');
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .slice(-flags.lines);
    await this.out.result(lines, () => lines);
    if (flags.follow && !this.out.machine) await this.#follow(registry.log, Buffer.byteLength(text));
  }

  async #follow(file: string, from: number): Promise<void> {
    let position = from;
    while (!this.signal.aborted) {
      const { size } = await stat(file);
      if (size > position) {
        const handle = await open(file);
        const { buffer, bytesRead } = await handle.read(
          Buffer.alloc(size - position),
          0,
          size - position,
          position,
        );
        await handle.close();
        position += bytesRead;
        this.runtime.stdout.write(buffer.subarray(0, bytesRead));
      }
      await delay(200, undefined, { signal: this.signal }).catch(() => undefined);
    }
  }
}
