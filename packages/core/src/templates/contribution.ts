import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Data, parseDocument } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { readSource } from '../sources/read-source.ts';
import { type LayerSource, type SourceReading, documentSources } from '../sources/source.ts';
import type { TemplateCatalogue } from './catalogue.ts';
import type { Template } from './metadata.ts';
import { renderText } from './render.ts';
import { variableDefaults } from './variables.ts';

/** Whether a template contributes to a module. */
export function isTargeted(template: Template, kind: ExtensionKind, name: string): boolean {
  return template.metadata.template.targets.includes(`${kind}:${name}`);
}

/**
 * What a template and its parents contribute to a module in layer 200, farthest parent first. A template with several
 * targets keeps each under its name.
 */
export async function templateSources(
  catalogue: TemplateCatalogue,
  template: Template,
  kind: ExtensionKind,
  name: string,
  variables: Readonly<Record<string, unknown>>,
  reading: SourceReading,
): Promise<LayerSource[]> {
  if (!isTargeted(template, kind, name)) return [];
  const chain = await catalogue.chain(template);
  const values = { ...Object.assign({}, ...chain.map(variableDefaults)), ...variables } as Record<
    string,
    unknown
  >;
  const sources: LayerSource[] = [];
  for (const member of chain) {
    // A parent speaks of what it is about itself, not of all that its child is.
    const about = member.metadata.template.targets;
    if (member.configFile === undefined || (about.length > 0 && !isTargeted(member, kind, name))) continue;
    const document = await templateDocument(member.configFile, values, reading);
    if (document === undefined) continue;
    const several = member.metadata.template.targets.length > 1;
    const key = [name, name.replaceAll('-', '_'), `${name.replaceAll('-', '_')}_config`].find((candidate) =>
      isRecord(document.value[candidate]),
    );
    if (several && key === undefined) continue;
    const within = several && key !== undefined ? [key] : undefined;
    const place = { layer: 'workspace' as const, template: template.name, within };
    sources.push(...(await documentSources(document, name, place, reading)));
  }
  return sources;
}

/**
 * What a template by itself says of a module.
 * @throws ProvisioningError `TEMPLATE_TARGET`, exit 2, when it says nothing of it.
 */
export async function templateConfig(
  catalogue: TemplateCatalogue,
  template: Template,
  kind: ExtensionKind,
  name: string,
): Promise<Data> {
  const reading = { importRoots: catalogue.roots.map(({ path }) => path) };
  const sources = await templateSources(catalogue, template, kind, name, {}, reading);
  if (sources.length > 0) return sources.reduce<Data>((lower, { value }) => mergeData(lower, value), {});
  throw new ProvisioningError({
    code: 'TEMPLATE_TARGET',
    kind: 'usage',
    message: `Template ${template.name} says nothing of ${kind} ${name}`,
    hint: `It is about: ${template.metadata.template.targets.join(', ') || 'nothing'}`,
  });
}

async function templateDocument(
  file: string,
  values: Readonly<Record<string, unknown>>,
  reading: SourceReading,
): ReturnType<typeof readSource> {
  if (!file.endsWith('.hbs')) return readSource(file, reading.evaluation);
  const text = await renderText(await readFile(file, 'utf8'), file, values);
  return parseDocument(text, file.slice(0, -'.hbs'.length));
}
