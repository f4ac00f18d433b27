import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { closestNames } from '../extensions/closest.ts';
import { readSource } from '../sources/read-source.ts';
import { type Template, type TemplateCategory, inferMetadata, readMetadata } from './metadata.ts';

/** Folders below a template root that hold no templates of their own. */
const reserved = new Set(['shared', 'taskservs', 'providers', 'clusters', 'config', 'node_modules']);
const configFile = /^config\.(toml|yaml|yml|ts|ncl)(\.hbs)?$/;
const singleFile = /^([a-z0-9][a-z0-9-]*)\.(toml|yaml|yml|ts|ncl)$/;

export interface TemplateRoots {
  readonly workspacePath?: string;
  /** Folder of the catalogue package, see `cataloguePackage`. */
  readonly corePath?: string;
}

/** The folders that hold templates, the workspace's first: it shadows (08 §7.1). */
export function templateRoots({
  workspacePath,
  corePath,
}: TemplateRoots): { path: string; source: Template['source'] }[] {
  return [
    ...(workspacePath === undefined
      ? []
      : [{ path: join(workspacePath, 'templates'), source: 'workspace' as const }]),
    ...(corePath === undefined ? [] : [{ path: join(corePath, 'templates'), source: 'core' as const }]),
  ];
}

/** Templates by name; reads the folders once. A broken one is kept out and listed in `broken`. */
export class TemplateCatalogue {
  readonly roots: readonly { readonly path: string; readonly source: Template['source'] }[];
  readonly broken: ProvisioningError[] = [];
  #found: Promise<Map<string, Template>> | undefined;

  constructor(roots: TemplateRoots) {
    this.roots = templateRoots(roots);
  }

  /**
   * Templates in catalogue order. Without a category the ones people apply to an infrastructure: parents, configuration
   * and workspace templates are left out.
   */
  async list(
    filter: { readonly category?: TemplateCategory; readonly tag?: string } = {},
  ): Promise<Template[]> {
    const all = [...(await this.#load()).values()].filter(({ metadata }) => !metadata.template.hidden);
    const { category, tag } = filter;
    return all
      .filter(({ metadata: { template } }) =>
        category === undefined
          ? template.category !== 'configs' && template.category !== 'workspaces'
          : template.category === category,
      )
      .filter(
        ({ metadata: { tags } }) =>
          tag === undefined || tags.environment.includes(tag) || tags.features.includes(tag),
      );
  }

  async find(name: string): Promise<Template | undefined> {
    return (await this.#load()).get(name);
  }

  /** @throws ProvisioningError `TEMPLATE_NOT_FOUND` with the closest names, exit 5. */
  async get(name: string): Promise<Template> {
    const all = await this.#load();
    const found = all.get(name);
    if (found !== undefined) return found;
    const close = closestNames(name, [...all.keys()]);
    throw new ProvisioningError({
      code: 'TEMPLATE_NOT_FOUND',
      kind: 'not-found',
      message: `Template not found: ${name}`,
      hint: close.length > 0 ? `Did you mean ${close.join(', ')}?` : "Run 'provisioning template list'.",
    });
  }

  /** A template after its parents, farthest first. @throws ProvisioningError `TEMPLATE_CIRCULAR`. */
  async chain(template: Template): Promise<Template[]> {
    const chain = [template];
    for (;;) {
      const parent = chain[0]!.metadata.template.extends;
      if (parent === undefined) return chain;
      if (chain.some(({ name }) => name === parent)) {
        throw new ProvisioningError({
          code: 'TEMPLATE_CIRCULAR',
          kind: 'configuration',
          message: `Circular template inheritance: ${[parent, ...chain.map(({ name }) => name)].reverse().join(' → ')}`,
          location: { file: join(template.folder, 'metadata.toml') },
        });
      }
      chain.unshift(await this.get(parent));
    }
  }

  #load(): Promise<Map<string, Template>> {
    this.#found ??= this.#read();
    return this.#found;
  }

  async #read(): Promise<Map<string, Template>> {
    const found = new Map<string, Template>();
    for (const { path, source } of this.roots) {
      for (const candidate of await candidates(path)) {
        try {
          const template = await candidate(source);
          if (template !== undefined && !found.has(template.name)) found.set(template.name, template);
        } catch (error) {
          this.broken.push(ProvisioningError.from(error));
        }
      }
    }
    return found;
  }
}

type Candidate = (source: Template['source']) => Promise<Template | undefined>;

async function candidates(root: string): Promise<Candidate[]> {
  const result: Candidate[] = [];
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(root, entry.name);
    if (entry.name.startsWith('.') || reserved.has(entry.name)) continue;
    if (entry.isDirectory()) {
      const names = await readdir(path);
      if (names.includes('metadata.toml')) result.push((source) => folderTemplate(path, names, source));
      else for (const name of names) result.push(...single(path, name, `${entry.name}-`));
    } else result.push(...single(root, entry.name, ''));
  }
  return result;
}

function single(folder: string, file: string, prefix: string): Candidate[] {
  const part = singleFile.exec(file)?.[1];
  if (part === undefined) return [];
  return [
    async (source) => {
      const path = join(folder, file);
      const document = await readSource(path);
      if (document === undefined) return undefined;
      const name = `${prefix}${part}`;
      return { name, metadata: inferMetadata(name, document), source, folder, configFile: path };
    },
  ];
}

async function folderTemplate(
  folder: string,
  names: readonly string[],
  source: Template['source'],
): Promise<Template | undefined> {
  const document = await readSource(join(folder, 'metadata.toml'));
  if (document === undefined) return undefined;
  const metadata = await readMetadata(document);
  const config = names.find((name) => configFile.test(name));
  const files = join(folder, 'files');
  const hasFiles = await stat(files).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return {
    name: metadata.template.name,
    metadata,
    source,
    folder,
    ...(config === undefined ? {} : { configFile: join(folder, config) }),
    ...(hasFiles ? { filesFolder: files } : {}),
  };
}
