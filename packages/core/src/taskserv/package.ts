import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issue, ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import { parse, YAMLParseError } from 'yaml';
import { describeErrors } from '../extensions/schema-errors.ts';
import type { JsonSchema } from '../extensions/json-schema.ts';
import { TaskservManifest as validate } from './compiled-manifest.js';

/** Scripts a taskserv may have in `scripts/`; each is idempotent and runs in a shell of its own (07 §1). */
export const scriptNames = [
  'check',
  'pre-install',
  'install',
  'configure',
  'health',
  'drain',
  'uninstall',
  'migrate',
  'backup',
  'restore',
  'helper-before',
  'helper-after',
  'helper-remove',
] as const;
export type ScriptName = (typeof scriptNames)[number];

/** A taskserv's folder, read and checked. */
export interface TaskservPackage {
  readonly folder: string;
  readonly manifest: TaskservManifest;
  /** Schema of its configuration, with defaults. */
  readonly schema: JsonSchema;
  /** Handlebars sources of `default/` by file name. */
  readonly templates: ReadonlyMap<string, string>;
  readonly scripts: ReadonlyMap<ScriptName, string>;
}

/** Reads packages once; a plan over many servers asks for the same few again and again. */
export class TaskservPackages {
  readonly #loaded = new Map<string, Promise<TaskservPackage>>();

  load(folder: string): Promise<TaskservPackage> {
    let loaded = this.#loaded.get(folder);
    if (loaded === undefined) {
      loaded = loadTaskservPackage(folder);
      this.#loaded.set(folder, loaded);
    }
    return loaded;
  }
}

/**
 * Reads a taskserv's manifest, schema, templates and scripts.
 * @throws ProvisioningError `TASKSERV_INVALID` with file and reason.
 */
export async function loadTaskservPackage(folder: string): Promise<TaskservPackage> {
  const [manifest, schema, templates, scripts] = await Promise.all([
    readManifest(join(folder, 'manifest.yaml')),
    readSchema(join(folder, 'schema', 'config.json')),
    readFolder(join(folder, 'default'), '.hbs'),
    readFolder(join(folder, 'scripts'), '.sh'),
  ]);
  requireTemplates(folder, manifest, templates);
  const hooks = new Map<ScriptName, string>();
  for (const name of scriptNames) {
    const text = scripts.get(`${name}.sh`);
    if (text !== undefined) hooks.set(name, text);
  }
  return { folder, manifest, schema, templates, scripts: hooks };
}

/**
 * Checks what makes an extension a taskserv, beside its configuration schema: the manifest's own sections, and the templates
 * they name. @param manifest of `manifest.yaml`, parsed
 * @throws ProvisioningError `TASKSERV_INVALID` with file and reason.
 */
export async function checkTaskserv(folder: string, manifest: unknown): Promise<void> {
  const names = await readdir(join(folder, 'default')).catch(() => []);
  const templates = new Set(names.filter((name) => name.endsWith('.hbs')));
  // Checking fills in defaults; the caller's manifest stays as it was read.
  const checked = taskservManifest(join(folder, 'manifest.yaml'), structuredClone(manifest));
  requireTemplates(folder, checked, templates);
}

function requireTemplates(
  folder: string,
  manifest: TaskservManifest,
  templates: { readonly has: (name: string) => boolean },
): void {
  for (const file of manifest.install.files) {
    if (templates.has(file.template)) continue;
    throw invalid(
      join(folder, 'manifest.yaml'),
      `file ${file.path} names ${file.template}, which default/ lacks`,
    );
  }
}

async function readManifest(file: string): Promise<TaskservManifest> {
  const text = await read(file);
  if (text === undefined) throw invalid(file, 'no such file');
  let manifest: unknown;
  try {
    manifest = parse(text);
  } catch (error) {
    const position = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
    throw invalid(file, (error as Error).message.split('\n')[0]!, {
      line: position?.line,
      column: position?.col,
    });
  }
  return taskservManifest(file, manifest);
}

function taskservManifest(file: string, parsed: unknown): TaskservManifest {
  const { conflicts } = parsed as { conflicts?: unknown };
  // A list of names is the short form of a conflict with any version (09 §2).
  const manifest: unknown = Array.isArray(conflicts)
    ? { ...(parsed as object), conflicts: Object.fromEntries(conflicts.map((one) => [one, '*'])) }
    : parsed;
  if (validate(manifest)) return manifest;
  throw invalid(
    file,
    'the manifest does not match its schema',
    undefined,
    describeErrors(validate.errors, ''),
  );
}

async function readSchema(file: string): Promise<JsonSchema> {
  const text = await read(file);
  if (text === undefined) return { type: 'object' };
  try {
    const schema = JSON.parse(text) as JsonSchema;
    // Not with what only checks packages: the compiler of schemas is large.
    const { jsonSchemaValidator } = await import('../extensions/json-schema.ts');
    jsonSchemaValidator(schema);
    return schema;
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
}

async function readFolder(folder: string, suffix: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch(() => []);
  const wanted = names.filter((name) => name.endsWith(suffix)).sort();
  return new Map(
    await Promise.all(
      wanted.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
    ),
  );
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function invalid(
  file: string,
  reason: string,
  position?: { readonly line?: number; readonly column?: number },
  issues: readonly Issue[] = [],
): ProvisioningError {
  const list = issues.map(({ message }) => message).join('; ');
  return new ProvisioningError({
    code: 'TASKSERV_INVALID',
    kind: 'configuration',
    message: `The taskserv package is not usable: ${reason}${list === '' ? '' : `: ${list}`}`,
    location: { file, ...position },
    hint: 'Run `provisioning taskserv validate` on it.',
    issues,
  });
}
