import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import { withFileLock } from '../files/atomic.ts';
import { writeImports } from './imports.ts';
import { moduleLock } from './load.ts';
import { type LoadedModule, readModules, writeModules } from './manifest-file.ts';
import type { ModuleTarget } from './target.ts';
import { finishPending } from './transaction.ts';
import { usersOf } from './usage.ts';

export interface UnloadOptions {
  readonly kind: ExtensionKind;
  readonly target: ModuleTarget;
  readonly names: readonly string[];
  /** Also while a definition or another module names it. */
  readonly force?: boolean;
  readonly check?: boolean;
  readonly now?: () => number;
}

export interface UnloadedEntry {
  readonly kind: ExtensionKind;
  readonly name: string;
  readonly path: string;
  /** Removed because nothing needs it any more. */
  readonly orphaned: boolean;
}

type Modules = Map<string, { kind: ExtensionKind; module: LoadedModule }>;

/**
 * Removes modules and the dependencies that nobody asked for and nobody needs any more (08 §5.2).
 * @throws ProvisioningError `MODULE_NOT_LOADED` (exit 5), `MODULE_IN_USE`.
 */
export async function unloadModules(options: UnloadOptions): Promise<readonly UnloadedEntry[]> {
  const { target, kind, names } = options;
  const now = (options.now ?? Date.now)();
  const work = async (): Promise<readonly UnloadedEntry[]> => {
    if (options.check !== true) await finishPending(target.base, now);
    const all = await loadedModules(target.base);
    for (const name of names) await refuseUsed(options, all, name);
    const going = new Set(names.map((name) => `${kind}/${name}`));
    addOrphans(all, going);
    const entries = [...going].map((key) => {
      const entry = all.get(key)!;
      return {
        kind: entry.kind,
        name: entry.module.name,
        path: entry.module.path,
        orphaned: !names.includes(entry.module.name),
      };
    });
    if (options.check !== true) await remove(target.base, all, going, now);
    return entries;
  };
  return options.check === true ? work() : withFileLock(moduleLock(target.base), work);
}

async function loadedModules(base: string): Promise<Modules> {
  const all: Modules = new Map();
  for (const kind of kinds) {
    for (const module of (await readModules(base, kind)).modules)
      all.set(`${kind}/${module.name}`, { kind, module });
  }
  return all;
}

async function refuseUsed(
  { kind, target, names, force }: UnloadOptions,
  all: Modules,
  name: string,
): Promise<void> {
  if (!all.has(`${kind}/${name}`)) {
    throw new ProvisioningError({
      code: 'MODULE_NOT_LOADED',
      kind: 'not-found',
      message: `Module '${name}' is not loaded in ${target.name}`,
      hint: `Run 'provisioning module list ${kind}'.`,
    });
  }
  if (force === true) return;
  const dependents = [...all.values()]
    .filter(({ module }) => module.dependencies.includes(name) && !names.includes(module.name))
    .map(({ module }) => module.name);
  const users = [...(await usersOf(target, kind, name)), ...dependents];
  if (users.length === 0) return;
  throw new ProvisioningError({
    code: 'MODULE_IN_USE',
    kind: 'conflict',
    message: `Module '${name}' is used by: ${users.join(', ')}`,
    hint: 'Take it out of the definition first, or use --force.',
    details: { users },
  });
}

/** Adds modules that were loaded only for others and that nothing left needs. */
function addOrphans(all: Modules, going: Set<string>): void {
  for (let before = -1; before !== going.size;) {
    before = going.size;
    const needed = new Set<string>();
    for (const [key, { module }] of all) {
      if (!going.has(key)) for (const name of module.dependencies) needed.add(name);
    }
    for (const [key, { module }] of all) {
      const wasNeeded = [...going].some((gone) => all.get(gone)?.module.dependencies.includes(module.name));
      if (!module.requested && wasNeeded && !needed.has(module.name)) going.add(key);
    }
  }
}

async function remove(base: string, all: Modules, going: ReadonlySet<string>, now: number): Promise<void> {
  // The manifest goes first: a folder too many is harmless and `module sync` clears it, an entry without one is not.
  for (const kind of kinds) {
    const left = [...all].filter(([key, entry]) => entry.kind === kind && !going.has(key));
    if ([...going].some((key) => all.get(key)?.kind === kind)) {
      await writeModules(
        base,
        kind,
        left.map(([, { module }]) => module),
        now,
      );
    }
  }
  for (const key of going) {
    const path = join(base, all.get(key)!.module.path);

    await rm(path, { recursive: true, force: true });
  }

  await writeImports(base);
}
