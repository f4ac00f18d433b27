import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Manifest } from '@provisioning/extensions-sdk';
import { incompatibility, productVersion } from '../extensions/compatibility.ts';
import { dependenciesOf } from '../extensions/dependencies.ts';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import { manifestWarnings } from '../extensions/manifest-check.ts';
import { type ManifestFile, readManifest } from '../extensions/manifest.ts';
import { satisfies, versionsOf } from '../extensions/version.ts';
import { Findings } from './findings.ts';
import { foreignEntryPoint } from '../extensions/entry-points.ts';
import { validateInterface } from './interface.ts';
import { validateSchema } from './schema.ts';
import { type StructureReport, validateExtensionStructure } from './structure.ts';

export const validationRules = ['structure', 'schema', 'interface', 'dependency', 'version'] as const;
export type ValidationRule = (typeof validationRules)[number];

/** Result of `extension validate` (S:16967-16975). */
export interface ValidationReport extends StructureReport {
  readonly name?: string;
  readonly type: ExtensionKind;
  readonly path: string;
  readonly rules: Readonly<
    Record<ValidationRule, { passed: boolean; errors: readonly string[]; warnings: readonly string[] }>
  >;
}

export interface ValidateOptions {
  /** Extensions among which dependencies are looked for. */
  readonly catalogue?: ExtensionCatalogue;
  readonly productVersion?: string;
  /** Whether a dependency that the catalogue does not have exists elsewhere; one that does not is then an error. */
  readonly exists?: (name: string, range: string) => Promise<boolean>;
  /** The manifest of the folder, where it was read already. */
  readonly read?: ManifestFile;
  /** Warnings are errors. Default `false`. */
  readonly strict?: boolean;
}

/**
 * Validates the folder of an extension by the five rules of 08 §4.2. Code of the extension runs only in a process of its
 * own, with the permissions of its manifest.
 */
export async function validateExtension(
  path: string,
  type: ExtensionKind | undefined,
  options: ValidateOptions = {},
): Promise<ValidationReport> {
  const rules = Object.fromEntries(validationRules.map((rule) => [rule, new Findings()])) as Record<
    ValidationRule,
    Findings
  >;
  const found = options.read ?? (await rules.structure.attempt(() => readManifest(path)));
  const manifest = found?.manifest;
  const kind = type ?? kinds.find((entry) => entry === manifest?.type) ?? 'taskserv';
  const structure = await validateExtensionStructure(kind, path, found);
  for (const { file, exists } of structure.required_files)
    if (!exists) rules.structure.error(`Missing ${file}`);
  for (const { file, exists } of structure.optional_files) {
    if (!exists) rules.structure.warn(`Missing ${file} (recommended)`);
  }
  if (found !== undefined && manifest !== undefined) {
    if (manifest.type !== kind) rules.structure.error(`type is ${manifest.type}, expected ${kind}`);
    for (const warning of [...found.warnings, ...manifestWarnings(manifest).map(({ message }) => message)]) {
      rules.version.warn(warning);
    }
    await validateSchema(path, rules.schema);
    const foreign = foreignEntryPoint(manifest);
    if (foreign === undefined) await validateInterface(path, found, rules.interface);
    else rules.interface.error(foreign);
    await validateDependencies(path, manifest, options, rules.dependency);
    await validateFolder(path, manifest, rules);
    const reason = incompatibility(manifest, { version: options.productVersion ?? productVersion() });
    if (reason !== undefined) rules.version.error(reason);
  }
  if (options.strict === true) for (const rule of validationRules) rules[rule].escalate();
  return {
    ...structure,
    valid: validationRules.every((rule) => rules[rule].errors.length === 0),
    ...(manifest === undefined ? {} : { name: manifest.name }),
    type: kind,
    path,
    rules: {
      structure: rules.structure.toJSON(),
      schema: rules.schema.toJSON(),
      interface: rules.interface.toJSON(),
      dependency: rules.dependency.toJSON(),
      version: rules.version.toJSON(),
    },
  };
}

/** What the folder and its npm package say beside the manifest: the same name and the same version (09 §3). */
async function validateFolder(
  path: string,
  { name, version }: Manifest,
  rules: Readonly<Record<ValidationRule, Findings>>,
): Promise<void> {
  const folder = basename(resolve(path));
  if (folder !== name) rules.structure.warn(`The folder is called ${folder}, the manifest says ${name}`);
  const text = await readFile(join(path, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const parsed = await rules.version.attempt(async () => JSON.parse(text) as { readonly version?: unknown });
  if (parsed?.version !== undefined && parsed.version !== version)
    rules.version.error(`Version mismatch: manifest ${version}, package.json ${String(parsed.version)}`);
}

/** Rule 4: what is required is there, and nothing requires itself. */
async function validateDependencies(
  path: string,
  manifest: Manifest,
  { catalogue, exists }: ValidateOptions,
  findings: Findings,
): Promise<void> {
  const { requires } = await dependenciesOf({ path, manifest });
  const conflicts: unknown = manifest['conflicts'] ?? [];
  const refused = new Set<unknown>(Array.isArray(conflicts) ? conflicts : Object.keys(conflicts as object));
  // A cluster may be called like the taskserv it deploys; circles of clusters are found where they are deployed.
  const circles = manifest.type !== 'cluster';
  for (const { alternatives, range } of requires) {
    const name = alternatives.join('|');
    if (circles && alternatives.includes(manifest.name))
      findings.error(`Circular dependency detected: ${manifest.name} → ${name}`);
    if (alternatives.some((one) => refused.has(one)))
      findings.error(`${name} is both required and named as a conflict`);
    if (catalogue === undefined) continue;
    const versions = await availableVersions(alternatives, catalogue);
    if (versions.length === 0) {
      if (exists === undefined) findings.warn(`Dependency ${name} is not available here`);
      else if (!(await anyOf(alternatives, (one) => exists(one, range))))
        findings.error(`Dependency not found: ${name}`);
    } else if (!versions.some((version) => satisfies(version, range))) {
      findings.error(`Dependency ${name} ${range} is only available as ${versions.join(', ')}`);
    }
  }
  if (circles && catalogue !== undefined) {
    const cycle = await findCycle(
      manifest.name,
      requires.flatMap(({ alternatives }) => alternatives),
      catalogue,
    );
    if (cycle !== undefined) findings.error(`Circular dependency detected: ${cycle.join(' → ')}`);
  }
}

async function anyOf(names: readonly string[], holds: (name: string) => Promise<boolean>): Promise<boolean> {
  for (const name of names) if (await holds(name)) return true;
  return false;
}

async function availableVersions(names: readonly string[], catalogue: ExtensionCatalogue): Promise<string[]> {
  const versions: string[] = [];
  for (const name of names) {
    for (const kind of kinds)
      versions.push(...(await catalogue.versions(kind, name)).flatMap((record) => versionsOf(record)));
    if (versions.length > 0) continue;
    for (const record of await catalogue.list('taskserv')) {
      if ((await dependenciesOf(record)).provides.includes(name)) versions.push(...versionsOf(record));
    }
  }
  return versions;
}

/** A way from the extension's dependencies back to itself. */
async function findCycle(
  name: string,
  first: readonly string[],
  catalogue: ExtensionCatalogue,
): Promise<readonly string[] | undefined> {
  const seen = new Set<string>();
  const visit = async (path: readonly string[]): Promise<readonly string[] | undefined> => {
    const current = path.at(-1)!;
    if (seen.has(current)) return undefined;
    seen.add(current);
    const record = await catalogue.find('taskserv', current);
    if (record === undefined) return undefined;
    for (const { alternatives } of (await dependenciesOf(record)).requires) {
      for (const next of alternatives) {
        if (next === name) return [...path, name];
        const cycle = await visit([...path, next]);
        if (cycle !== undefined) return cycle;
      }
    }
    return undefined;
  };
  for (const start of first) {
    const cycle = await visit([name, start]);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
