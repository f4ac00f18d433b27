import { string } from '@oclif/core/flags';
import { pageFlags } from '../../form/flags.ts';
import { formFormats } from '../../form/output.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class FormServer extends ProvisioningCommand {
  static override summary =
    'Serve forms to programs of this machine: render, fill in by page or request, read';
  static override description =
    'POST /forms takes a form as TOML or JSON and answers its fields and the address of a page;\nPOST /forms/<id>/submit checks values (422 names the fields). Requests carry the token that is printed at the start.\nValues of password fields are never sent back. Ctrl-C ends the server.';
  static override spec: CommandSpec = { access: '-', workspace: false, slow: true };
  static override examples = ['provisioning form server', 'provisioning form server --port 3090 --out json'];
  static override flags = {
    ...pageFlags,
    output: string({ description: 'format that answers name', options: [...formFormats], default: 'json' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(FormServer);
    const { serveForms } = await import('../../form/service.ts');
    const { host, port, output } = flags;
    const service = await serveForms({ host, port, outputFormat: output });
    try {
      const { url, token } = service;
      await this.out.result({ url, token }, () => [
        `${this.out.style.mark('ok')} Forms are served at ${url}/forms`,
        `Authorization: Bearer ${token}`,
      ]);
      this.out.progress('Ctrl-C ends it');
      await new Promise<void>((resolve) => {
        this.host.interruption.onInterrupt(resolve);
        this.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      service.close();
    }
    this.signal.throwIfAborted();
  }
}
