import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { docsPages, findPage, onlineAddress, searchPages } from '../guide/pages.ts';
import { showMarkdown } from '../guide/pager.ts';

export default class Docs extends ProvisioningCommand {
  static override summary = 'List, search or show the pages of the documentation';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning docs',
    'provisioning docs concepts/overview',
    'provisioning docs --search orchestrator',
    'provisioning docs troubleshooting --path',
  ];
  static override args = { topic: argument({ description: 'page, as the list names it' }) };
  static override flags = {
    path: boolean({ description: 'only where the page is' }),
    search: string({ description: 'lines with these words' }),
    open: boolean({ description: 'open the page in the browser' }),
    plain: boolean({ description: 'Markdown as it is' }),
    pager: boolean({ description: 'show page by page', default: true, allowNo: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Docs);
    const pages = await docsPages();
    if (flags.search !== undefined) {
      const chosen = args.topic === undefined ? pages : [findPage(pages, args.topic)];
      const found = await searchPages(chosen, flags.search);
      await this.out.list(
        found,
        [
          { title: 'PAGE', value: ({ topic, line }) => `${topic}:${line}` },
          { title: 'TEXT', value: ({ text }) => text },
        ],
        `lines with '${flags.search}'`,
      );
      return;
    }
    if (args.topic === undefined) {
      await this.out.list(
        pages,
        [
          { title: 'PAGE', value: ({ topic }) => topic },
          { title: 'TITLE', value: ({ title }) => title },
        ],
        'pages',
      );
      return;
    }
    const page = findPage(pages, args.topic);
    if (flags.open) {
      const address = onlineAddress(page);
      open(address, this.runtime.environment);
      await this.out.result({ ...page, address }, () => [address]);
    } else if (flags.path) {
      await this.out.result(page, () => [page.path]);
    } else {
      const text = await readFile(page.path, 'utf8');
      if (this.out.machine) await this.out.result({ ...page, text }, () => []);
      else await showMarkdown(text, this.runtime, this.out, { plain: flags.plain, pager: flags.pager });
    }
  }
}

/** Hands the address to the desktop; where there is none, the printed address is enough. */
function open(address: string, environment: Readonly<Record<string, string | undefined>>): void {
  const program = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  const child = spawn(program, [address], {
    detached: true,
    stdio: 'ignore',
    env: environment as NodeJS.ProcessEnv,
  });
  child.on('error', () => undefined);
  child.unref();
}
