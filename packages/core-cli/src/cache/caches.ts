import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { userDirectories } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { selectOptional } from '../session/workspace.ts';

/** A cache of this user or of the selected workspace: a file or folder that is made anew when it is missing. */
export interface Cache {
  readonly name: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** What the caches hold, by name. */
const contents: Readonly<Record<string, string>> = {
  compiled: 'this program as Node.js compiled it',
  'config-cache': 'definitions that were evaluated',
  'config-remote': 'configuration read over the network',
  'container-runtime': 'the container runtime that was found',
  discovery: 'extensions that were found',
  oci: 'artifacts of OCI registries',
  versions: 'newest versions of taskservs',
  'orchestrator-versions': 'versions of services',
  'workspace/layers': 'merged configuration of modules',
  'workspace/layers-stats': 'counts of layers',
};

/** Kept among the caches and none of them: a provider's folder tells where its engine runs. */
const kept: ReadonlySet<string> = new Set(['providers']);

/** What a cache holds, in a few words. */
export function contentOf({ name }: Cache): string {
  return contents[name] ?? '';
}

/** The caches there are: those of the user, then those of the workspace as `workspace/<name>`. */
export async function listCaches(command: ProvisioningCommand): Promise<Cache[]> {
  const { cache } = userDirectories(surroundingsOf(command.runtime));
  const selection = await selectOptional(command).catch(() => undefined);
  return [
    ...(await cachesIn(cache, '')),
    ...(selection === undefined ? [] : await cachesIn(join(selection.path, '.cache'), 'workspace/')),
  ];
}

async function cachesIn(folder: string, prefix: string): Promise<Cache[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !kept.has(name));
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name);
      const sizes = await sizesOf(path);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return { name: `${prefix}${name.replace(/\.json$/, '')}`, path, files: sizes.length, bytes };
    }),
  );
}

/** Sizes of the files below a path. One that goes while it is looked at counts nothing. */
async function sizesOf(path: string): Promise<number[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [found.size];
  const names = await readdir(path).catch(() => []);
  return (await Promise.all(names.map((name) => sizesOf(join(path, name))))).flat();
}

export async function clearCaches(caches: readonly Cache[]): Promise<void> {
  await Promise.all(caches.map(({ path }) => rm(path, { recursive: true, force: true })));
}
