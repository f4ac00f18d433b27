import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { manifestAmong, type ManifestFile, readManifest } from '../extensions/manifest.ts';

/** What a folder of an extension has and lacks (08 §4.2, S:19754-19771). */
export interface StructureReport {
  readonly valid: boolean;
  readonly required_files: readonly { readonly file: string; readonly exists: boolean }[];
  readonly optional_files: readonly { readonly file: string; readonly exists: boolean }[];
}

/** Recommended, and needed for publishing (S:17037-17043). */
const recommended = [
  'docs/README.md',
  'docs/API.md',
  'docs/EXAMPLES.md',
  'CHANGELOG.md',
  'LICENSE',
  'tests/',
];

/** Checks the files of 08 §2: manifest, an entry point or a configuration schema, README. */
/** @param read the manifest, where it was read already */
export async function validateExtensionStructure(
  type: ExtensionKind,
  path: string,
  read?: ManifestFile,
): Promise<StructureReport> {
  const names = await readdir(path).catch((): string[] => []);
  const found = read ?? (await readManifest(path).catch(() => undefined));
  const manifestName = manifestAmong(names)?.name;
  const required = [
    { file: manifestName ?? 'manifest.yaml', exists: manifestName !== undefined },
    entryOrSchema(type, path, found),
    {
      file: 'README.md',
      exists: names.includes('README.md') || existsSync(join(path, 'docs', 'README.md')),
    },
  ];
  const optional = recommended.map((file) => ({ file, exists: existsSync(join(path, file)) }));
  return {
    valid: required.every(({ exists: there }) => there),
    required_files: required,
    optional_files: optional,
  };
}

function entryOrSchema(
  type: ExtensionKind,
  path: string,
  found: ManifestFile | undefined,
): { file: string; exists: boolean } {
  const points = Object.values(found?.manifest.entry_points ?? {}).map(String);
  const fixed = [
    'src/index.ts',
    'src/provider.ts',
    'src/taskserv.ts',
    'dist/index.js',
    'cluster.yaml',
    'cluster.yaml.hbs',
    'cluster.toml',
    'rest.yaml',
  ];
  const schemas = ['schema/config.json', 'schema/config.ts', 'schema/config.ncl'];
  for (const file of [...points, ...fixed, ...schemas]) {
    if (existsSync(join(path, file))) return { file, exists: true };
  }
  const declared = (found?.manifest.provider as { rest?: unknown } | undefined)?.rest !== undefined;
  const inline = type === 'cluster' && Array.isArray(found?.manifest.components);
  if (declared || inline) return { file: basename(found!.file), exists: true };
  return { file: type === 'taskserv' ? 'schema/config.json' : 'src/index.ts', exists: false };
}
