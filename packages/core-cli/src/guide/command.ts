import { join } from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { userDirectories } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { suggest } from '../suggest.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { select } from '../session/workspace.ts';
import { commandsOf, fillPlaceholders, findSection, type GuideDocument, parseGuide } from './document.ts';
import { findGuide, type Guide, guides } from './guides.ts';
import { readGuide } from './locate.ts';
import { type Renderer, showMarkdown } from './pager.ts';

export const guideFlags = {
  section: string({ description: 'only the section of this number or title' }),
  'list-sections': boolean({ description: 'list the sections' }),
  plain: boolean({ description: 'Markdown as it is' }),
  pager: boolean({ description: 'show page by page', default: true, allowNo: true }),
  renderer: string({ description: 'program that shows it', options: ['glow', 'bat', 'less', 'builtin'] }),
  set: string({ description: 'value of a placeholder: infra=prod', multiple: true, multipleNonGreedy: true }),
  copy: string({ description: 'only the commands of this step' }),
  search: string({ description: 'only lines with this text' }),
};

interface GuideFlags {
  readonly section?: string;
  readonly 'list-sections'?: boolean;
  readonly plain?: boolean;
  readonly pager?: boolean;
  readonly renderer?: string;
  readonly set?: readonly string[];
  readonly copy?: string;
  readonly search?: string;
}

/** Base of the commands that show one guide. */
export abstract class GuideCommand extends ProvisioningCommand {
  static override spec: CommandSpec = { access: '-', workspace: false };

  async showGuide(name: string, flags: GuideFlags): Promise<void> {
    const guide = findGuide(name) ?? unknownGuide(name);
    const selection = await select(this, 'optional').catch(() => undefined);
    const places = [
      ...(selection === undefined ? [] : [join(selection.path, 'docs', 'guides')]),
      join(userDirectories(surroundingsOf(this.runtime)).config, 'guides'),
    ];
    const values: Record<string, string | undefined> = {
      workspace: selection?.name,
      infra: this.globals.infra ?? selection?.infra,
    };
    for (const entry of flags.set ?? []) {
      const [key = '', ...rest] = entry.split('=');
      values[key] = rest.join('=');
    }
    const document = parseGuide(fillPlaceholders(await readGuide(guide.file, places), values));
    await this.#print(guide, document, flags);
  }

  async #print(guide: Guide, document: GuideDocument, flags: GuideFlags): Promise<void> {
    const titles = document.sections.map(({ title }, index) => ({ number: index + 1, title }));
    if (flags['list-sections']) {
      await this.out.result(titles, () =>
        titles.map(({ number, title }) => `${String(number).padStart(3)}  ${title}`),
      );
      return;
    }
    const wanted = flags.copy ?? flags.section;
    const section = wanted === undefined ? undefined : findSection(document, wanted);
    if (wanted !== undefined && section === undefined) {
      throw new ProvisioningError({
        code: 'SECTION_NOT_FOUND',
        kind: 'not-found',
        message: `Guide '${guide.name}' has no section ${wanted}`,
        hint: `provisioning guide ${guide.name} --list-sections`,
      });
    }
    const text = section?.text ?? document.body;
    if (this.out.machine) {
      await this.out.result(
        { name: guide.name, title: guide.title, text, commands: commandsOf(text) },
        () => [],
      );
    } else if (flags.copy !== undefined) {
      await this.out.raw(
        commandsOf(text)
          .map((line) => `${line}\n`)
          .join(''),
      );
    } else if (flags.search !== undefined) {
      const needle = flags.search.toLowerCase();
      const lines = text.split('\n').filter((line) => line.toLowerCase().includes(needle));
      await this.out.result(lines, () =>
        lines.length === 0 ? [`No lines with '${flags.search}' found`] : lines,
      );
    } else {
      const options = {
        plain: flags.plain ?? false,
        pager: flags.pager ?? true,
        renderer: flags.renderer as Renderer | undefined,
      };
      await showMarkdown(text, this.runtime, this.out, options);
    }
  }
}

/** `Unknown guide: X`, the list, the nearest (24 §1). */
function unknownGuide(name: string): never {
  const near = suggest(
    name,
    guides.flatMap((guide) => [guide.name, ...guide.aliases]),
  );
  throw new ProvisioningError({
    code: 'GUIDE_NOT_FOUND',
    kind: 'not-found',
    message: [
      `Unknown guide: ${name}`,
      '',
      'Available guides:',
      ...guides.map((guide) => `  - ${guide.name}: ${guide.summary}`),
    ].join('\n'),
    hint: near === undefined ? undefined : `Did you mean: provisioning guide ${near}?`,
  });
}
