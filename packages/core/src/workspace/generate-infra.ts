import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError, namePattern } from '@provisioning/extensions-sdk';
import { infraDirectories } from './layout.ts';
import { templateOf, type WorkspaceTemplate } from './templates/index.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadInfrastructure } from '../infra/load.ts';

export interface GenerateInfrastructureOptions {
  readonly name: string;
  /** Folder that gets a folder of the name; `<workspace>/infra` by default. */
  readonly output?: string;
  readonly workspacePath?: string;
  readonly workspaceName?: string;
  /** Content of a new infrastructure, as for workspaces; `minimal` by default. */
  readonly template?: string | WorkspaceTemplate;
  readonly provider?: string;
  /** An infrastructure of the workspace that is copied, with other hostnames (05 §8.3). */
  readonly from?: string;
  readonly check?: boolean;
}

export interface GeneratedInfrastructure {
  readonly name: string;
  readonly path: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
  /** Old hostname → new one, for a copy. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** What a copy leaves behind: state, generated bundles, loaded modules. */
const state = new Set(['data', 'tmp', '.manifest', '.taskservs', '.providers', '.clusters', '.cache']);
const generatedFile = /^(inventory\.yaml|.*\.gen\.(ts|ncl))$/;

/**
 * Writes the definition of a new infrastructure, and validates it before it is put in place (08 §8).
 * @throws ProvisioningError `INFRA_EXISTS` (exit 1), `INVALID_NAME` (exit 2), `INFRA_NOT_FOUND` (exit 5), or the findings
 * of the validation.
 */
export async function generateInfrastructure(
  options: GenerateInfrastructureOptions,
): Promise<GeneratedInfrastructure> {
  const { name, workspacePath } = options;
  if (!new RegExp(namePattern).test(name)) {
    throw new ProvisioningError({
      code: 'INVALID_NAME',
      kind: 'usage',
      message: `Invalid name: ${name}`,
      hint: 'Use lower-case letters, digits and hyphens.',
    });
  }
  const parent = options.output ?? (workspacePath === undefined ? '.' : path.join(workspacePath, 'infra'));
  const folder = path.join(parent, name);
  if (await stat(folder).catch(() => undefined)) {
    throw new ProvisioningError({
      code: 'INFRA_EXISTS',
      kind: 'conflict',
      message: `Infrastructure '${name}' already exists`,
      hint: `It is in ${folder}; choose another name.`,
    });
  }
  const copy = options.from === undefined ? undefined : await copied(options, options.from);
  const files = copy?.files ?? newFiles(options);
  const names = Object.keys(files).sort();
  const result = { name, path: folder, files: names, renamed: copy?.renamed ?? {} };
  if (options.check === true) return result;
  // Loading checks it as it will be used, under its own name; only then it gets its place.
  const staging = path.join(parent, `.new-${name}-${process.pid}`);
  const draft = path.join(staging, name);
  try {
    for (const directory of infraDirectories) await mkdir(path.join(draft, directory), { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(draft, file)), { recursive: true });
      await writeFile(path.join(draft, file), text);
    }
    await loadInfrastructure({
      workspacePath: workspacePath ?? staging,
      ...(options.workspaceName === undefined ? {} : { workspaceName: options.workspaceName }),
      infra: draft,
    });
    await rename(draft, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return result;
}

type Files = Readonly<Record<string, string>>;

function newFiles(options: GenerateInfrastructureOptions): Files {
  const template = templateOf(options.template);
  const input = {
    workspace: options.workspaceName ?? '',
    infra: options.name,
    provider: options.provider ?? 'local',
  };
  const files = Object.fromEntries(template.files(input).map((file) => [file.path, file.text]));
  return {
    'config.toml': `# Configuration of this infrastructure alone; it wins over the workspace's.\n`,
    ...files,
    'README.md': infraReadme(options.name, template),
    '.gitignore': 'data/\ntmp/\n.manifest/\n.taskservs/\n.providers/\n.clusters/\ninventory.yaml\n',
    ...keysFile(files),
  };
}

/** Where the definition names secrets, a place that says which keys they need. */
function keysFile(files: Files): Files {
  const wanted = new Set<string>();
  for (const text of Object.values(files))
    for (const [, reference] of text.matchAll(/secret:\/\/([\w./-]+)/g)) wanted.add(reference!);
  if (wanted.size === 0) return {};
  const lines = [...wanted].sort().map((name) => `  - name: ${name}\n`);
  return {
    'keys.yaml': `# Secrets the definition names; their values are in the workspace's secrets.\nkeys:\n${lines.join('')}`,
  };
}

/** What is in the folder of an infrastructure. */
export function infraReadme(infra: string, { summary }: Pick<WorkspaceTemplate, 'summary'>): string {
  return `# Infrastructure ${infra}

${summary}.

- \`settings.toml\` settings and defaults, \`servers.toml\` the servers, \`taskservs/\` what is installed on them
- \`settings-<environment>.toml\` is merged over the settings in that environment
- \`data/\`, \`tmp/\` are written by the program
`;
}

/** The definition of another infrastructure with new hostnames and without its state. */
async function copied(
  options: GenerateInfrastructureOptions,
  from: string,
): Promise<{ readonly files: Files; readonly renamed: Readonly<Record<string, string>> }> {
  const source = await loadInfrastructure({
    workspacePath: options.workspacePath ?? '.',
    ...(options.workspaceName === undefined ? {} : { workspaceName: options.workspaceName }),
    infra: from,
  });
  const renamed = newHostnames(source, options.name);
  const own = source.settings.main_name === source.name ? { [source.name]: options.name } : {};
  const files: Record<string, string> = {};
  for (const file of await filesBelow(source.path)) {
    const [first = ''] = file.split(path.sep);
    if (state.has(first) || generatedFile.test(path.basename(file))) continue;
    const text = await readFile(path.join(source.path, file), 'utf8');
    files[file] = /\.(toml|ya?ml|ts|ncl|json)$/.test(file) ? renameWords(text, { ...renamed, ...own }) : text;
  }
  return { files, renamed };
}

/** `production` → `production-green` gives every server `-green`; any other name is itself the suffix. */
function newHostnames({ name, servers, disabled }: Infrastructure, wanted: string): Record<string, string> {
  const suffix = wanted.startsWith(`${name}-`) ? wanted.slice(name.length) : `-${wanted}`;
  const groups = servers.flatMap((server) => (typeof server['group'] === 'string' ? [server['group']] : []));
  const single = servers.filter((server) => server['group'] === undefined).map(({ hostname }) => hostname);
  const all = new Set([...single, ...groups, ...disabled]);
  return Object.fromEntries([...all].sort().map((hostname) => [hostname, `${hostname}${suffix}`]));
}

/** Whole words only: `web` in `web-01` stays. */
function renameWords(text: string, names: Readonly<Record<string, string>>): string {
  const words = Object.keys(names).sort((a, b) => b.length - a.length);
  if (words.length === 0) return text;
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`(?<![\\w.-])(${escaped.join('|')})(?![\\w-]|\\.\\w)`, 'g');
  return text.replace(pattern, (word) => names[word]!);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
