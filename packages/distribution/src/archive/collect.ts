import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { globToRegExp, matchesAny } from './glob.ts';
import { findSecret } from './secret-scan.ts';
import type { TarFile, TarSymlink } from './tar-writer.ts';
import { safeTarget } from './unpack.ts';

/** What a package carries unless `build.include` says otherwise (09 §3). */
export const defaultInclude: readonly string[] = [
  'manifest.yaml',
  'extension.toml',
  'metadata.toml',
  'manifest.toml',
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'cluster.yaml',
  'cluster.yaml.hbs',
  'cluster.toml',
  'rest.yaml',
  'rest.toml',
  'config.schema.toml',
  'config.defaults.toml',
  ...[
    'src',
    'dist',
    'schema',
    'default',
    'templates',
    'manifests',
    'scripts',
    'docs',
    'examples',
    'kcl',
    'nickel',
  ].map((folder) => `${folder}/**`),
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];

/** What a package never carries (09 §3). */
export const defaultExclude: readonly string[] = [
  'tests/**',
  // The package itself, where `extension build` puts it.
  'dist/*.tar.gz',
  '**/.git/**',
  '.git/**',
  '**/node_modules/**',
  'node_modules/**',
  '*.tmp',
  '*.log',
  '.env*',
  '*.key',
  '*.pem',
];

const defaultIncludeGlobs = defaultInclude.map(globToRegExp);
const defaultExcludeGlobs = defaultExclude.map(globToRegExp);

export interface CollectOptions {
  /** Replaces the default list. */
  readonly include?: readonly string[];
  /** Is added to the default list. */
  readonly exclude?: readonly string[];
  /** Files that belong into the package wherever they stand: what the manifest names as entry points. */
  readonly always?: readonly string[];
  /** Everything but the excluded, whatever it holds: of what is looked at and not handed on. */
  readonly everything?: boolean;
}

/** What the manifest of an extension says about its package. */
export function packageFiles(manifest: Readonly<Record<string, unknown>>): CollectOptions {
  const build = (manifest['build'] ?? {}) as Pick<CollectOptions, 'include' | 'exclude'>;
  const points = Object.values((manifest['entry_points'] ?? {}) as Readonly<Record<string, unknown>>);
  const always = points
    .filter((point) => typeof point === 'string')
    .map((point) => point.replace(/^\.\//, ''));
  return { ...build, always };
}

/**
 * Files and inner links of a folder that belong into its package.
 * @throws ProvisioningError `SECRET_FOUND`, `UNSAFE_ARCHIVE` for links that leave the folder.
 */
export function collectFiles(
  folder: string,
  options: CollectOptions = {},
): readonly (TarFile | TarSymlink)[] {
  const chosen = options.everything === true ? ['**'] : options.include;
  const include = [
    ...(chosen?.map(globToRegExp) ?? defaultIncludeGlobs),
    ...(options.always ?? []).map(globToRegExp),
  ];
  const exclude = [...defaultExcludeGlobs, ...(options.exclude ?? []).map(globToRegExp)];
  const found: (TarFile | TarSymlink)[] = [];
  // Synchronously: many small files take a fraction of the time that they take through the thread pool.
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.name === '.git' || entry.name === 'node_modules' || matchesAny(path, exclude)) continue;
      if (entry.isDirectory()) visit(path);
      // An included pattern without a folder names a file at the top, not a file of that name anywhere.
      else if (include.some((glob) => glob.test(path)))
        found.push(readEntry(folder, path, entry.isSymbolicLink(), options.everything === true));
    }
  };
  visit('');
  return found;
}

function readEntry(folder: string, path: string, isLink: boolean, anyContent: boolean): TarFile | TarSymlink {
  const full = join(folder, path);
  if (isLink) return { path, target: safeTarget(path, readlinkSync(full).replaceAll('\\', '/')) };
  const details = lstatSync(full);
  if (!details.isFile()) {
    throw new ProvisioningError({
      code: 'UNSAFE_ARCHIVE',
      message: `Unsafe archive entry: ${path}`,
      hint: 'a package holds files, folders and links inside it; nothing was packed',
    });
  }
  const content = readFileSync(full);
  const secret = anyContent ? undefined : findSecret(content);
  if (secret !== undefined) {
    throw new ProvisioningError({
      code: 'SECRET_FOUND',
      message: `Secret found in ${path}`,
      hint: `it looks like a ${secret}; remove it, or list the file in build.exclude of the manifest`,
      location: { file: full },
    });
  }
  // Systems without an executable bit must produce the same archive.
  const executable = (details.mode & 0o111) !== 0 || /^scripts\/.*\.sh$/.test(path);
  return { path, content, executable };
}
