import { access, constants, glob, stat } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Configuration } from '../configuration.ts';
import { mainFile } from '../definition-formats.ts';
import { namesIn } from '../names-in.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';

/** Platform separators, no `.` or `..` inside. */
export function normalizePath(file: string): string {
  return path.normalize(file.replaceAll(/[\\/]+/g, path.sep));
}

export function joinPaths(...parts: readonly string[]): string {
  return path.join(...parts.map(normalizePath));
}

/**
 * The first file that matches a pattern in the given folders, then in the infrastructure, environment, workspace, user
 * and machine folders; `""` when none does (02 §14).
 */
export async function resolveConfigPath(
  pattern: string,
  options: {
    readonly surroundings: Surroundings;
    readonly workspacePath?: string;
    readonly infra?: string;
    readonly searchPaths?: readonly string[];
  },
): Promise<string> {
  for (const folder of searchFolders(options)) {
    for await (const name of glob(pattern, { cwd: folder })) {
      const file = path.join(folder, name);
      if (file.startsWith(folder + path.sep)) return file;
    }
  }
  return '';
}

/** @throws ProvisioningError `CONFIG_FILE_NOT_FOUND` naming where it was searched */
export async function requireConfigPath(
  pattern: string,
  options: Parameters<typeof resolveConfigPath>[1],
): Promise<string> {
  const found = await resolveConfigPath(pattern, options);
  if (found !== '') return found;
  throw new ProvisioningError({
    code: 'CONFIG_FILE_NOT_FOUND',
    kind: 'configuration',
    message: `Configuration file not found in search paths Searched: ${JSON.stringify(searchFolders(options))}`,
  });
}

function searchFolders({
  surroundings,
  workspacePath,
  infra,
  searchPaths = [],
}: Parameters<typeof resolveConfigPath>[1]): string[] {
  const user = userDirectories(surroundings).config;
  const workspace =
    workspacePath === undefined
      ? []
      : [
          ...(infra === undefined ? [] : [path.join(workspacePath, 'infra', infra)]),
          path.join(workspacePath, 'config', 'environments'),
          path.join(workspacePath, 'config'),
        ];
  return [...searchPaths.map((folder) => path.resolve(surroundings.cwd, folder)), ...workspace, user];
}

/** Folders of a workspace by their use. */
export function resolveWorkspacePaths(workspacePath: string, infra: string): Record<string, string> {
  return {
    base: workspacePath,
    current_infra: infra,
    kloud_path: path.join(workspacePath, 'infra'),
    providers: path.join(workspacePath, '.providers'),
    taskservs: path.join(workspacePath, '.taskservs'),
    clusters: path.join(workspacePath, '.clusters'),
    extensions: path.join(workspacePath, 'extensions'),
  };
}

/** What a directory is, and what it holds. */
export function analyzeProjectStructure(root: string): {
  readonly root: string;
  readonly type: 'provisioning_workspace' | 'unknown';
  readonly components: Readonly<Record<'providers' | 'taskservs' | 'clusters' | 'infrastructure', number>>;
  readonly config_files: readonly string[];
} {
  const count = (folder: string): number =>
    namesIn(path.join(root, folder)).filter((name) => !name.startsWith('.')).length;
  return {
    root,
    type: mainFile(root) === undefined ? 'unknown' : 'provisioning_workspace',
    components: {
      providers: count('extensions/providers'),
      taskservs: count('extensions/taskservs'),
      clusters: count('extensions/clusters'),
      infrastructure: count('infra'),
    },
    config_files: namesIn(path.join(root, 'config'))
      .filter((name) => /\.(toml|ya?ml|ts|ncl|k)$/.test(name))
      .sort(),
  };
}

export interface PathReport {
  readonly valid: boolean;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
  readonly checks_performed: number;
}

/** Whether the paths of the configuration exist; one that is missing is a warning, an unreadable one an error. */
export async function validatePaths(configuration: Configuration): Promise<PathReport> {
  const errors: { path: string; message: string }[] = [];
  const warnings: { path: string; message: string }[] = [];
  const leaves = configuration.leaves(['paths']).filter((leaf) => leaf[1] !== 'files');
  for (const leaf of leaves) {
    const file = configuration.get(leaf);
    if (typeof file !== 'string' || file === '') continue;
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) warnings.push({ path: leaf.join('.'), message: `Path does not exist: ${file}` });
    else if (
      !(await access(file, constants.R_OK).then(
        () => true,
        () => false,
      ))
    )
      errors.push({ path: leaf.join('.'), message: `Path is not readable: ${file}` });
  }
  return { valid: errors.length === 0, errors, warnings, checks_performed: leaves.length };
}
