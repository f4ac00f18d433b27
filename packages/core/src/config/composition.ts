import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Data, type Document, parseDocument } from './document.ts';
import type { Fragment } from './fragment.ts';
import { locateIn } from './fragment.ts';
import type { LayerId } from './layers.ts';
import { isRecord } from './merge.ts';
import { insideRoots } from './paths/safety.ts';
import { readDocument } from './read.ts';
import { fetchConfiguration } from './remote.ts';

export interface CompositionOptions {
  /** Folders searched for templates, in order. */
  readonly templateFolders: readonly string[];
  /** Roots that relative files may not leave. */
  readonly roots: readonly string[];
  readonly cacheFolder: string;
  readonly offline: boolean;
  readonly signal?: AbortSignal;
  readonly warn: (message: string) => void;
}

/**
 * What a file composes itself from: its templates, then its `[dynamic]` files, lowest first, all beneath the file
 * (02 §9).
 */
export async function composed(fragment: Fragment, options: CompositionOptions): Promise<Fragment[]> {
  const { templates, dynamic } = fragment.value;
  if (fragment.mount.length > 0 || (!isRecord(templates) && !isRecord(dynamic))) return [];
  const below: Fragment[] = [];
  if (isRecord(templates)) below.push(...(await templateFragments(fragment, templates, options, [])));
  if (isRecord(dynamic)) below.push(...(await dynamicFragments(fragment, dynamic, options)));
  return below;
}

async function dynamicFragments(
  fragment: Fragment,
  dynamic: Data,
  options: CompositionOptions,
): Promise<Fragment[]> {
  const documents: Document[] = [];
  for (const [index, url] of texts(dynamic['config_urls']).entries()) {
    documents.push(
      await fetchConfiguration(url, {
        cacheFolder: options.cacheFolder,
        offline: options.offline,
        warn: options.warn,
        location: locateIn(fragment, ['dynamic', 'config_urls', index]),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    );
  }
  const folder = path.dirname(fragment.document?.file ?? '.');
  for (const [index, name] of texts(dynamic['load_if_exists']).entries()) {
    const file = await insideRoots(
      path.resolve(folder, name),
      options.roots,
      name,
      locateIn(fragment, ['dynamic', 'load_if_exists', index]),
    );
    const document = await readDocument(file);
    if (document !== undefined) documents.push(document);
  }
  return documents.map((document) => {
    if (isRecord(document.value['dynamic'])) {
      throw new ProvisioningError({
        code: 'DYNAMIC_NESTED',
        kind: 'configuration',
        message: `A file loaded through [dynamic] may not contain [dynamic]: ${document.file}`,
        location: document.locate(['dynamic']),
      });
    }
    return fragmentOf(fragment.layer, document, 'dynamic');
  });
}

async function templateFragments(
  fragment: Fragment,
  templates: Data,
  options: CompositionOptions,
  chain: readonly string[],
): Promise<Fragment[]> {
  const base = templates['base_template'];
  const names = [...(typeof base === 'string' && base !== '' ? [base] : []), ...texts(templates['extends'])];
  const variables = isRecord(templates['template_vars']) ? templates['template_vars'] : {};
  const found: Fragment[] = [];
  for (const name of names) {
    const next = [...chain, name];
    if (chain.includes(name)) {
      throw new ProvisioningError({
        code: 'TEMPLATE_CIRCULAR',
        kind: 'configuration',
        message: `Circular template inheritance: ${next.slice(chain.indexOf(name)).join(' → ')}`,
        ...at(fragment, ['templates']),
      });
    }
    const document = await renderTemplate(name, variables, options, fragment);
    const own = fragmentOf(fragment.layer, document, `template ${name}`);
    const nested = document.value['templates'];
    if (isRecord(nested)) found.push(...(await templateFragments(own, nested, options, next)));
    found.push(own);
  }
  return found;
}

async function renderTemplate(
  name: string,
  variables: Data,
  options: CompositionOptions,
  fragment: Fragment,
): Promise<Document> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(name) || name.split('/').includes('..'))
    throw missingTemplate(name, fragment);
  for (const folder of options.templateFolders) {
    for (const ending of ['toml', 'toml.hbs', 'yaml', 'yaml.hbs']) {
      const file = path.join(folder, `${name}.${ending}`);
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      if (!ending.endsWith('.hbs')) return parseDocument(text, file);
      const { renderHandlebars } = await import('./handlebars.ts');
      return parseDocument(renderHandlebars(text, variables, file), file.replace(/\.hbs$/, ''));
    }
  }
  throw missingTemplate(name, fragment);
}

function missingTemplate(name: string, fragment: Fragment): ProvisioningError {
  return new ProvisioningError({
    code: 'TEMPLATE_NOT_FOUND',
    kind: 'configuration',
    message: `Configuration template not found: ${name}`,
    ...at(fragment, ['templates']),
  });
}

function at(fragment: Fragment, keys: readonly string[]): { location?: ReturnType<Document['locate']> } {
  const location = locateIn(fragment, keys);
  return location === undefined ? {} : { location };
}

function fragmentOf(layer: LayerId, document: Document, overlay: string): Fragment {
  return { layer, value: document.value, document, mount: [], within: [], overlay };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
