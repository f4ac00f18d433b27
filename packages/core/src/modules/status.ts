import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue } from '@provisioning/extensions-sdk';
import { incompatibility, productVersion } from '../extensions/compatibility.ts';
import { dependenciesOf } from '../extensions/dependencies.ts';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ExtensionKind, type ExtensionLayer, kindFolder, kinds } from '../extensions/kinds.ts';
import { readManifest } from '../extensions/manifest.ts';
import { anySatisfies, compareVersions, versionsOf } from '../extensions/version.ts';
import { staleImports } from './imports.ts';
import { loadedVersions, moduleState } from './load.ts';
import { type LoadedModule, readModules } from './manifest-file.ts';
import type { ModuleTarget } from './target.ts';
import { isPending } from './transaction.ts';
import { usersOf } from './usage.ts';

export interface ModuleStatus {
  readonly name: string;
  readonly kind: ExtensionKind;
  readonly version: string;
  readonly source: string;
  readonly mode: 'copy' | 'link';
  readonly requested: boolean;
  readonly loaded_at: string;
  readonly status: 'ok' | 'modified' | 'missing' | 'outdated';
}

/** What is loaded at a target and how it is (08 §5, `module list`). */
export async function listModules(
  target: ModuleTarget,
  kind: ExtensionKind,
  catalogue: ExtensionCatalogue,
): Promise<{ readonly modules: readonly ModuleStatus[]; readonly warning?: string }> {
  const { modules, warning } = await readModules(target.base, kind);
  const listed = await Promise.all(modules.map((module) => statusOf(target, kind, module, catalogue)));
  return { modules: listed, ...(warning === undefined ? {} : { warning }) };
}

async function statusOf(
  target: ModuleTarget,
  kind: ExtensionKind,
  module: LoadedModule,
  catalogue: ExtensionCatalogue,
): Promise<ModuleStatus> {
  const state = await moduleState(target.base, module);
  const others = (await catalogue.versions(kind, module.name)).filter(
    ({ path }) => !path.startsWith(target.base),
  );
  const isOutdated = others.some(({ version }) => compareVersions(module.version, version) < 0);
  return {
    name: module.name,
    kind,
    version: module.version,
    source: module.source,
    mode: module.mode,
    requested: module.requested,
    loaded_at: module.loaded_at,
    status: state === 'ok' && isOutdated ? 'outdated' : state,
  };
}

export interface ModuleInfo {
  readonly name: string;
  readonly kind: ExtensionKind;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Where it is found, the one that is used first. */
  readonly layers: readonly {
    readonly layer: ExtensionLayer;
    readonly version: string;
    readonly path: string;
  }[];
  readonly dependencies: readonly string[];
  readonly fields: readonly { readonly name: string; readonly type: string; readonly default?: unknown }[];
  readonly used_by: readonly string[];
}

/** Everything `module info` prints. @throws ProvisioningError `*_NOT_FOUND`, exit 5. */
export async function moduleInfo(
  catalogue: ExtensionCatalogue,
  kind: ExtensionKind,
  name: string,
  target?: ModuleTarget,
): Promise<ModuleInfo> {
  const record = await catalogue.get(kind, name);
  const { requires } = await dependenciesOf(record);
  const { configSchema } = await import('../extensions/schema.ts');
  const schema = await configSchema(record.path);
  const properties = Object.entries(schema?.properties ?? {});
  return {
    name: record.name,
    kind,
    manifest: record.manifest,
    layers: (await catalogue.layers(kind, record.name)).map(({ layer, version, path }) => ({
      layer,
      version,
      path,
    })),
    dependencies: requires.map(
      ({ alternatives, range }) => `${alternatives.join('|')}${range === '*' ? '' : ` ${range}`}`,
    ),
    fields: properties.map(([field, { type, default: value }]) => ({
      name: field,
      type: [type ?? 'any'].flat().join('|'),
      ...(value === undefined ? {} : { default: value }),
    })),
    used_by: target === undefined ? [] : await usersOf(target, kind, record.name).catch(() => []),
  };
}

/** What is wrong at a target: manifest against folders, integrity, versions, dependencies, imports (`module validate`). */
export async function validateModules(target: ModuleTarget, catalogue: ExtensionCatalogue): Promise<Issue[]> {
  const { base } = target;
  const issues: Issue[] = [];
  const add = (code: string, message: string, file?: string): void => {
    issues.push({ code, message, ...(file === undefined ? {} : { location: { file } }) });
  };
  if (await isPending(base))
    add('MODULE_PENDING', "a load was interrupted; 'provisioning module sync' finishes it");
  const versions = new Map<string, readonly string[]>();
  for (const kind of kinds) {
    const { modules, warning } = await readModules(base, kind);
    if (warning !== undefined) add('MODULE_MANIFEST', warning);
    const names = await readdir(join(base, `.${kindFolder(kind)}`)).catch((): string[] => []);
    for (const name of names) {
      if (name.startsWith('.') || /\.bak-\d+$/.test(name) || modules.some((module) => module.name === name))
        continue;
      add('MODULE_UNRECORDED', `.${kindFolder(kind)}/${name} is not in the manifest`);
    }
    for (const module of modules) {
      versions.set(module.name, await loadedVersions(base, module));
      await validateModule(target, module, add);
    }
  }
  for (const kind of kinds) {
    for (const module of (await readModules(base, kind)).modules) {
      await validateDependencies(base, module, versions, catalogue, add);
    }
  }
  for (const file of await staleImports(base))
    add('MODULE_IMPORTS', `${file} is out of date`, join(base, file));
  return issues;
}

type Add = (code: string, message: string, file?: string) => void;

async function validateModule(target: ModuleTarget, module: LoadedModule, add: Add): Promise<void> {
  const path = join(target.base, module.path);
  const state = await moduleState(target.base, module);
  if (state === 'missing') return add('MODULE_MISSING', `${module.path} is missing`, path);
  if (state === 'modified') add('MODULE_MODIFIED', `${module.path} differs from what was loaded`, path);
  try {
    const { manifest } = await readManifest(path);
    if (manifest.version !== module.version && module.mode === 'copy') {
      add(
        'MODULE_VERSION',
        `${module.path} is ${manifest.version}, the manifest says ${module.version}`,
        path,
      );
    }
    const reason = incompatibility(manifest, { version: productVersion() });
    if (reason !== undefined) add('MODULE_INCOMPATIBLE', `${module.name} ${reason}`, path);
  } catch (error) {
    add('MODULE_INVALID', (error as Error).message, path);
  }
}

async function validateDependencies(
  base: string,
  module: LoadedModule,
  versions: ReadonlyMap<string, readonly string[]>,
  catalogue: ExtensionCatalogue,
  add: Add,
): Promise<void> {
  const path = join(base, module.path);
  const found = await readManifest(path).catch(() => undefined);
  if (found === undefined) return;
  for (const { alternatives, range } of (await dependenciesOf({ path, manifest: found.manifest })).requires) {
    const present = alternatives.flatMap((name) => (versions.has(name) ? [versions.get(name)!] : []));
    if (present.some((list) => anySatisfies(list, range))) continue;
    const name = alternatives.join('|');
    if (present.length > 0) {
      add(
        'MODULE_VERSION',
        `${module.name} needs ${name} ${range}, ${present.map(([version]) => version).join(', ')} is loaded`,
      );
    } else if (!(await isAvailable(alternatives, range, catalogue))) {
      add('MODULE_DEPENDENCY', `${module.name} needs ${name} ${range}, which is not there`);
    }
  }
}

async function isAvailable(
  names: readonly string[],
  range: string,
  catalogue: ExtensionCatalogue,
): Promise<boolean> {
  for (const name of names) {
    for (const kind of kinds) {
      const records = await catalogue.versions(kind, name);
      if (records.some((record) => anySatisfies(versionsOf(record), range))) return true;
    }
    for (const record of await catalogue.list('taskserv')) {
      if ((await dependenciesOf(record)).provides.includes(name)) return true;
    }
  }
  return false;
}
