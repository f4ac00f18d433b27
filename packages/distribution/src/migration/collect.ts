import { readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { listInfrastructures, readManifest, readModules } from '@provisioning/core';
import { readOrigin } from '../extension/origin.ts';
import { kindFolder, type PackageKind, packageKinds } from '../extension/kind.ts';

/** A module that lies in a workspace as files, with where it was found. */
export interface LocalModule {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** Folder below the workspace: `.taskservs/redis`, `extensions/taskservs/redis`. */
  readonly place: string;
}

/** Why a module takes no part. */
export interface Remark {
  readonly name: string;
  readonly reason: string;
}

/** What happens to one module (09 §13.3): in the registry already, to be published, missing there, or different there. */
export type MigrationAction = 'use' | 'publish' | 'missing' | 'differs';

export interface PlannedMigration extends LocalModule {
  readonly action: MigrationAction;
  readonly reference: string;
  readonly digest: string;
  readonly reason?: string;
}

export interface CollectedModules {
  readonly modules: readonly LocalModule[];
  readonly skipped: readonly Remark[];
  readonly problems: readonly Remark[];
}

export interface CollectOptions {
  readonly workspacePath: string;
  /** Modules that servers and clusters of the definitions name. */
  readonly used: readonly { readonly kind: PackageKind; readonly name: string; readonly by: string }[];
  /** Where an extension that is named lies; `isCore` when the product ships it. */
  readonly find: (
    kind: PackageKind,
    name: string,
  ) => Promise<{ readonly path: string; readonly isCore: boolean } | undefined>;
}

/** What lies where, before its manifest is read. */
interface Found {
  readonly kind: PackageKind;
  readonly name: string;
  readonly path: string;
  readonly place: string;
}

/**
 * Every module a workspace has as files: loaded ones of it and of its infrastructures, links included, extensions in its
 * own folder, and what its definitions name (09 §13.2).
 */
export async function collectLocalModules(options: CollectOptions): Promise<CollectedModules> {
  const { workspacePath } = options;
  const found = new Map<string, Found>();
  const skipped: Remark[] = [];
  const problems: Remark[] = [];
  const add = (one: Found): void => {
    const key = `${one.kind}/${one.name}`;
    if (!found.has(key)) found.set(key, one);
  };
  const infras = (await listInfrastructures(workspacePath)).map((name) => join('infra', name));
  for (const base of ['.', ...infras]) {
    for (const kind of packageKinds) {
      for (const module of (await readModules(join(workspacePath, base), kind)).modules) {
        const place = join(base, module.path);
        if (module.source === 'local') {
          const path = await realpath(join(workspacePath, place)).catch(() => undefined);
          if (path === undefined) problems.push({ name: module.name, reason: `${place} is gone` });
          else add({ kind, name: module.name, path, place });
        } else skipped.push({ name: module.name, reason: `it comes from ${module.source}` });
      }
    }
  }
  for (const kind of packageKinds) for (const one of await ownExtensions(workspacePath, kind)) add(one);
  for (const { kind, name, by } of options.used) {
    if (found.has(`${kind}/${name}`) || skipped.some((one) => one.name === name)) continue;
    const place = await options.find(kind, name);
    if (place === undefined) problems.push({ name, reason: `${by} names it and it is nowhere` });
    else if (place.isCore) skipped.push({ name, reason: 'it is part of the product' });
    else add({ kind, name, path: place.path, place: place.path });
  }
  const modules: LocalModule[] = [];
  for (const one of found.values()) {
    const module = await described(one).catch((error: unknown) => (error as Error).message);
    if (typeof module === 'string') problems.push({ name: one.name, reason: module });
    else modules.push(module);
  }
  modules.sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
  return { modules, skipped, problems };
}

/** Extensions of the workspace's own folder; what a registry put there says so itself. */
async function ownExtensions(workspacePath: string, kind: PackageKind): Promise<readonly Found[]> {
  const place = join('extensions', kindFolder(kind));
  const entries = await readdir(join(workspacePath, place), { withFileTypes: true }).catch(() => []);
  const found: Found[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || !(entry.isDirectory() || entry.isSymbolicLink())) continue;
    const path = join(workspacePath, place, entry.name);
    if ((await readOrigin(path)) !== undefined) continue;
    const isExtension = await readManifest(path).then(
      () => true,
      (error: { code?: string }) => error.code !== 'MANIFEST_MISSING',
    );
    if (isExtension) found.push({ kind, name: entry.name, path, place: join(place, entry.name) });
  }
  return found;
}

async function described(one: Found): Promise<LocalModule> {
  const { manifest, file } = await readManifest(one.path);
  const { name, version } = manifest;
  if (typeof version !== 'string' || version === '') throw new Error(`${basename(file)} has no version`);
  return { ...one, name, version };
}
