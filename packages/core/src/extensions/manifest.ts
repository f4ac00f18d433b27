import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Manifest, ProvisioningError } from '@provisioning/extensions-sdk';
import { parseToml } from '../config/formats/toml.ts';
import { type ExtensionKind, kindFolders, kinds } from './kinds.ts';
import { mapLegacyManifest } from './legacy-manifest.ts';

/** Names of a manifest, the one that wins first; all but the first are read, never written (rulings §2). */
export const manifestNames = ['manifest.yaml', 'extension.toml', 'metadata.toml', 'manifest.toml'] as const;
export type ManifestName = (typeof manifestNames)[number];

export interface ManifestFile {
  readonly file: string;
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

/** The manifest among the entries of a folder: manifest.yaml wins over the older names. */
export function manifestAmong(
  entries: Iterable<string>,
): { name: ManifestName; ignored: ManifestName[] } | undefined {
  const present = new Set(entries);
  const [name, ...ignored] = manifestNames.filter((entry) => present.has(entry));
  return name === undefined ? undefined : { name, ignored };
}

/**
 * Parses the text of a manifest; an older form is mapped. Not validated.
 * @throws Error with the reason when it does not parse.
 */
export async function parseManifest(text: string, file: string): Promise<Record<string, unknown>> {
  if (basename(file) === 'manifest.yaml') {
    const { parse } = await import('yaml');
    return record(parse(text));
  }
  return mapLegacyManifest(parseToml(text), kindOfFolder(file));
}

/**
 * Reads and validates the manifest of a folder.
 * @throws ProvisioningError `MANIFEST_MISSING`, `MANIFEST_INVALID`, exit 3.
 */
export async function readManifest(folder: string): Promise<ManifestFile> {
  const found = manifestAmong(await readdir(folder).catch(() => []));
  if (found === undefined) {
    throw new ProvisioningError({
      code: 'MANIFEST_MISSING',
      kind: 'configuration',
      message: `No extension manifest found in ${folder}`,
      hint: 'An extension is a folder with a manifest.yaml; see "provisioning generate extension --help".',
    });
  }
  const file = join(folder, found.name);
  let manifest: Record<string, unknown>;
  try {
    manifest = await parseManifest(await readFile(file, 'utf8'), file);
  } catch (cause) {
    throw invalid(file, (cause as Error).message.split('\n')[0]!, cause);
  }
  const { manifestErrors } = await import('./manifest-check.ts');
  const issues = manifestErrors(manifest);
  if (issues[0] !== undefined) throw invalid(file, issues[0].message, undefined, issues);
  const warnings = found.ignored.map((name) => `${join(folder, name)} is ignored: ${found.name} wins`);
  return { file, manifest: manifest as Manifest, warnings };
}

function invalid(
  file: string,
  reason: string,
  cause?: unknown,
  issues?: ProvisioningError['issues'],
): ProvisioningError {
  return new ProvisioningError({
    code: 'MANIFEST_INVALID',
    kind: 'configuration',
    message: `${basename(file)}: ${reason}`,
    location: { file },
    hint: `Run 'provisioning extension validate ${dirname(file)}' for all findings.`,
    issues,
    cause,
  });
}

/** The kind that a folder on the way to the manifest names: `extensions/taskservs/x`, `.providers/y`. */
function kindOfFolder(file: string): ExtensionKind | undefined {
  const parts = dirname(file).split(/[\\/]/).reverse();
  for (const part of parts) {
    const name = part.replace(/^\./, '');
    const kind = kinds.find((entry) => kindFolders[entry].includes(name));
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error('expected a table of keys at the top of the file');
}
