import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ExtensionKind, kindFolder } from '../extensions/kinds.ts';
import { treeFilesWithTests } from '../extensions/tree.ts';

/** What the new extension is called and like. */
export interface ScaffoldOptions {
  readonly type: ExtensionKind;
  readonly name: string;
  readonly description?: string;
  readonly displayName?: string;
  readonly author: string;
  readonly category?: string;
  readonly port?: number;
  /** `owner/name` on GitHub. */
  readonly repository?: string;
  readonly pattern?: TaskservPattern;
  readonly template?: ProviderTemplate;
  /** Folder that gets `<types>/[<category>/]<name>`; used as it is when `exact`. */
  readonly output: string;
  readonly exact?: boolean;
  readonly force?: boolean;
  /** Only says what would be written. */
  readonly check?: boolean;
  readonly year: number;
}

export const taskservPatterns = ['web-service', 'database', 'worker'] as const;
export type TaskservPattern = (typeof taskservPatterns)[number];
export const providerTemplates = ['cloud', 'container', 'baremetal', 'rest'] as const;
export type ProviderTemplate = (typeof providerTemplates)[number];

export interface Scaffold {
  readonly path: string;
  readonly files: readonly string[];
}

/** The scaffolds there are (`create-extension list-templates`). */
export const scaffolds: readonly {
  readonly type: ExtensionKind;
  readonly name: string;
  readonly description: string;
}[] = [
  { type: 'taskserv', name: 'web-service', description: 'A program that listens on a port' },
  { type: 'taskserv', name: 'database', description: 'A service that keeps data' },
  { type: 'taskserv', name: 'worker', description: 'A program that works in the background' },
  { type: 'cluster', name: 'cluster', description: 'Components that are deployed together' },
  { type: 'provider', name: 'cloud', description: 'A cloud with an HTTP API' },
  { type: 'provider', name: 'container', description: 'A container service with an HTTP API' },
  { type: 'provider', name: 'baremetal', description: 'Machines behind an HTTP API' },
  { type: 'provider', name: 'rest', description: 'A cloud by declaration, without code' },
];

/**
 * Writes a new extension that is valid and whose tests pass (08 §8).
 * @throws ProvisioningError `EXTENSION_NAME` (exit 2), `EXTENSION_EXISTS`.
 */
export async function generateExtension(options: ScaffoldOptions): Promise<Scaffold> {
  const { type, name, category } = options;
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) || name.includes('--')) {
    throw new ProvisioningError({
      code: 'EXTENSION_NAME',
      kind: 'usage',
      message: 'Invalid extension name: use kebab-case',
      hint: `'${name}' must be lower-case letters, digits and hyphens, beginning with a letter.`,
    });
  }
  const path =
    options.exact === true
      ? join(options.output, name)
      : join(options.output, kindFolder(type), ...(category === undefined ? [] : [category]), name);
  const there =
    options.exact === true ? [path] : await placesOf(join(options.output, kindFolder(type)), name);
  const found = await Promise.all(there.map(isThere));
  const taken = there.find((_place, index) => found[index]);
  // In another category it would be a second one of the name, which nothing could tell apart.
  if (taken !== undefined && (taken !== path || options.force !== true)) {
    throw new ProvisioningError({
      code: 'EXTENSION_EXISTS',
      kind: 'conflict',
      message: `Extension already exists: ${taken}`,
      hint: 'Choose another name, or use --force.',
    });
  }
  const files = await rendered(options);
  const written = { path, files: [...files.keys()].sort() };
  if (options.check === true) return written;
  const staging = `${path}.new-${process.pid}`;
  await rm(staging, { recursive: true, force: true });
  for (const [file, { text, mode }] of files) {
    await mkdir(dirname(join(staging, file)), { recursive: true });
    await writeFile(join(staging, file), text);
    await chmod(join(staging, file), mode);
  }
  if (taken !== undefined) await rm(path, { recursive: true });
  await mkdir(dirname(path), { recursive: true });
  await rename(staging, path);
  return written;
}

/** Folders of the scaffold, later ones over earlier ones. */
function layersOf({ type, pattern = 'web-service', template = 'cloud' }: ScaffoldOptions): string[] {
  if (type === 'taskserv') return ['package-files', 'taskserv', `taskserv-${pattern}`];
  if (type === 'cluster') return ['package-files', 'cluster'];
  return template === 'rest'
    ? ['package-files', 'provider-docs', 'provider-rest']
    : ['package-files', 'provider-docs', 'provider'];
}

async function rendered(options: ScaffoldOptions): Promise<Map<string, { text: string; mode: number }>> {
  const root = scaffoldRoot();
  const values: Record<string, string> = { ...valuesOf(options), sdk_version: await sdkVersion(root) };
  const fill = (text: string): string =>
    text.replace(/%([A-Za-z_]+)%/g, (whole, key: string) => values[key] ?? whole);
  const files = new Map<string, { text: string; mode: number }>();
  for (const layer of layersOf(options)) {
    for (const file of await treeFilesWithTests(join(root, layer))) {
      const path = join(root, layer, file);
      const mode = file.endsWith('.sh.tpl') ? 0o755 : 0o644;
      const target = fill(file.replace(/\.tpl$/, '').replace(/(^|\/)gitignore$/, '$1.gitignore'));
      files.set(target, { text: fill(await readFile(path, 'utf8')), mode });
    }
  }
  return files;
}

function valuesOf(options: ScaffoldOptions): Record<string, string> {
  const { name, author, repository } = options;
  const title = name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ');
  const safe = (text: string): string => text.replace(/["\\'\n]/g, ' ').trim();
  const displayName = safe(options.displayName ?? title);
  return {
    name,
    type: options.type,
    NAME: name.toUpperCase().replaceAll('-', '_'),
    display_name: displayName,
    description: safe(options.description ?? displayName),
    author: safe(author),
    category:
      options.category ?? { taskserv: 'development', cluster: 'cluster', provider: 'cloud' }[options.type],
    port: String(options.port ?? 8080),
    template: options.template ?? 'cloud',
    repository: repository === undefined ? '' : `repository: https://github.com/${safe(repository)}\n`,
    year: String(options.year),
  };
}

/** Version of the SDK that the extension is written for. */
async function sdkVersion(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(root), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The scaffolds are files of the SDK package. */
function scaffoldRoot(): string {
  const sdk = createRequire(import.meta.url).resolve('@provisioning/extensions-sdk');
  return join(dirname(dirname(sdk)), 'scaffolds');
}

/** Where an extension of a name may stand below the folder of its kind: there, or in one of its categories. */
async function placesOf(root: string, name: string): Promise<string[]> {
  const folders = await readdir(root, { withFileTypes: true }).catch(() => []);
  const categories = folders.filter((entry) => entry.isDirectory() && entry.name !== name);
  return [join(root, name), ...categories.map((category) => join(root, category.name, name))];
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
