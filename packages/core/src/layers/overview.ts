import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ExtensionKind, kindFolder, kinds } from '../extensions/kinds.ts';
import { definitionFolder } from '../infra/definition-files.ts';
import { loadInfrastructure } from '../infra/index.ts';
import { readApplied } from '../templates/applied.ts';
import type { LayerResolver, Resolution } from './resolve.ts';
import type { LayerName } from '../sources/source.ts';

/** What a file does in the resolution: replaces lower values, adds some, or only takes part. */
export type FileMark = 'overrides' | 'custom' | 'used';

export interface LayerFileUse {
  readonly file: string;
  readonly mark: FileMark;
  readonly template?: string;
}

/** All layers of one infrastructure (`layer show`). */
export interface LayerOverview {
  readonly infra: string;
  readonly layers: readonly {
    readonly layer: LayerName;
    readonly priority: number;
    readonly files: readonly LayerFileUse[];
  }[];
  readonly modules: readonly string[];
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

/** Modules that an infrastructure configures or uses. */
export async function modulesOf(resolver: LayerResolver): Promise<{ kind: ExtensionKind; name: string }[]> {
  const { workspacePath, infra, templates } = resolver.places;
  if (workspacePath === undefined || infra === undefined) return [];
  const found = new Set<string>();
  const base = join(workspacePath, 'infra', infra);
  const definition = await loadInfrastructure({
    workspacePath,
    infra,
    environment: resolver.places.environment,
  });
  for (const { provider, taskservs } of definition.servers) {
    found.add(`provider/${provider}`);
    for (const { name } of taskservs) found.add(`taskserv/${name}`);
  }
  for (const name of Object.keys(definition.taskservs)) found.add(`taskserv/${name}`);
  for (const name of Object.keys(definition.clusters)) found.add(`cluster/${name}`);
  for (const name of Object.keys(definition.providers)) found.add(`provider/${name}`);
  for (const kind of kinds) {
    for (const { name } of await definitionFolder(join(base, kindFolder(kind)))) found.add(`${kind}/${name}`);
  }
  for (const { name } of await readApplied(base)) {
    for (const target of (await templates.find(name))?.metadata.template.targets ?? [])
      found.add(target.replace(':', '/'));
  }
  return [...found].sort().map((key) => {
    const [kind, name] = key.split('/') as [ExtensionKind, string];
    return { kind, name };
  });
}

/** Resolves every module of the infrastructure and sums up which file does what. */
export async function layerOverview(resolver: LayerResolver): Promise<LayerOverview> {
  const failures: { file: string; reason: string }[] = [];
  let modules: { kind: ExtensionKind; name: string }[] = [];
  try {
    modules = await modulesOf(resolver);
  } catch (error) {
    failures.push(...failuresOf(error));
  }
  const resolutions: Resolution[] = [];
  for (const { kind, name } of modules) {
    try {
      resolutions.push(await resolver.resolve(kind, name));
    } catch (error) {
      if (error instanceof ProvisioningError && error.code === 'MODULE_UNKNOWN') continue;
      failures.push(...failuresOf(error));
    }
  }
  const uses = new Map<string, LayerFileUse & { readonly layer: LayerName; readonly priority: number }>();
  for (const resolution of resolutions) {
    for (const { file, layer, priority, template } of resolution.sources) {
      const mark = strongest(uses.get(file)?.mark, markOf(resolution, file));
      uses.set(file, { file, layer, priority, mark, ...(template === undefined ? {} : { template }) });
    }
  }
  const names: readonly LayerName[] = ['infrastructure', 'workspace', 'core'];
  return {
    infra: resolver.places.infra ?? '',
    layers: names.map((layer) => ({
      layer,
      priority: { infrastructure: 300, workspace: 200, core: 100, runtime: 400 }[layer],
      files: [...uses.values()]
        .filter((use) => use.layer === layer)
        .map(({ file, mark, template }) => ({ file, mark, ...(template === undefined ? {} : { template }) })),
    })),
    modules: modules.map(({ kind, name }) => `${kind}/${name}`),
    failures: unique(failures),
  };
}

function markOf({ provenance }: Resolution, file: string): FileMark {
  const own = provenance.filter((leaf) => leaf.file === file);
  if (own.some(({ action }) => action === 'overrides')) return 'overrides';
  return own.some(({ action }) => action === 'added') ? 'custom' : 'used';
}

function strongest(a: FileMark | undefined, b: FileMark): FileMark {
  const order: readonly FileMark[] = ['used', 'custom', 'overrides'];
  return a !== undefined && order.indexOf(a) > order.indexOf(b) ? a : b;
}

function failuresOf(error: unknown): { file: string; reason: string }[] {
  const failure = ProvisioningError.from(error);
  const issues = failure.issues.length > 0 ? failure.issues : [failure];
  return issues.map(({ location, message }) => ({
    file: location?.file ?? failure.location?.file ?? '',
    reason: message,
  }));
}

function unique(failures: readonly { file: string; reason: string }[]): { file: string; reason: string }[] {
  return [...new Map(failures.map((failure) => [JSON.stringify(failure), failure])).values()];
}

/** Names of the infrastructures of a workspace. */
export async function infrastructuresOf(workspacePath: string): Promise<string[]> {
  const entries = await readdir(join(workspacePath, 'infra'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}
