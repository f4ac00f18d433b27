import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from './kinds.ts';
import { type DiscoveryRoots, type Registered, rootsOf } from './roots.ts';
import { type LinkRule, isInside } from './scan.ts';

/**
 * Where a symbolic link may lead: into a root, or to a folder that `module load --link` or `providers install` recorded
 * (08 §3). Worked out when the first link is met.
 * @param inUse the folder to read instead of a linked one
 */
export function linkRule(
  from: DiscoveryRoots,
  registered: readonly Registered[],
  inUse: (target: string) => Promise<string> = async (target) => target,
): LinkRule {
  let allowed: Promise<string[]> | undefined;
  return async (target) => {
    allowed ??= allowedFolders(from, registered);
    return (await allowed).some((folder) => isInside(target, folder)) ? inUse(target) : undefined;
  };
}

async function allowedFolders(from: DiscoveryRoots, registered: readonly Registered[]): Promise<string[]> {
  const roots = (await Promise.all(kinds.map((kind) => rootsOf(kind, from, registered)))).flat();
  const folders = [...roots.map(({ path }) => path), ...(await recordedTargets(from))];
  const real = await Promise.all(folders.map((path) => realpath(path).catch(() => undefined)));
  return real.filter((path) => path !== undefined);
}

/** Targets of links that the manifests of the workspace and the infrastructure name. */
async function recordedTargets({ workspacePath, infra }: DiscoveryRoots): Promise<string[]> {
  if (workspacePath === undefined) return [];
  const bases = [workspacePath, ...(infra === undefined ? [] : [join(workspacePath, 'infra', infra)])];
  const files = bases.flatMap((base) => [
    ...kinds.map((kind) => ({ base, file: join(base, '.manifest', `${kind}s.yaml`) })),
    { base, file: join(base, 'providers.manifest.yaml') },
  ]);
  const found = await Promise.all(files.map(({ base, file }) => targetsIn(base, file)));
  return found.flat();
}

async function targetsIn(base: string, file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const { parse } = await import('yaml');
  const lists = Object.values((parse(text) ?? {}) as Record<string, unknown>)
    .filter(Array.isArray)
    .flat();
  return lists.flatMap((entry: { target?: unknown; source_path?: unknown } | null) => {
    const target = entry?.target ?? entry?.source_path;
    return typeof target === 'string' ? [join(target.startsWith('/') ? '' : base, target)] : [];
  });
}
