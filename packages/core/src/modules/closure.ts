import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type Requirement, dependenciesOf } from '../extensions/dependencies.ts';
import type { ExtensionKind } from '../extensions/kinds.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { anySatisfies, versionsOf } from '../extensions/version.ts';

/** One module to load, and for whom when it was not asked for. */
export interface Wanted {
  readonly kind: ExtensionKind;
  readonly record: ExtensionRecord;
  readonly requiredBy?: string;
  /** Names that satisfy its requirements. */
  readonly dependencies: readonly string[];
}

export interface ClosureOptions {
  readonly catalogue: ExtensionCatalogue;
  readonly kind: ExtensionKind;
  readonly names: readonly string[];
  /** Record to take for a name, `undefined` when there is none. */
  readonly pick: (kind: ExtensionKind, name: string, range?: string) => Promise<ExtensionRecord | undefined>;
  /** Version that was asked for; counts for the named modules, not for their dependencies. */
  readonly version?: string;
  /** What the target has already: the versions that ranges may mean, by `kind/name`. */
  readonly available: ReadonlyMap<string, readonly string[]>;
  readonly withDependencies: boolean;
}

/**
 * The named modules and everything they require that the target lacks (08 §5.1.1-3). Nothing is loaded when one name is
 * unknown.
 * @throws ProvisioningError `MODULE_NOT_FOUND` (exit 5), `MODULE_DEPENDENCY`, `MODULE_CONFLICT`.
 */
export async function moduleClosure(options: ClosureOptions): Promise<Wanted[]> {
  const { kind, pick, available } = options;
  const chosen = new Map<string, Wanted>();
  const queue: { kind: ExtensionKind; record: ExtensionRecord; requiredBy?: string }[] = [];
  for (const name of options.names) {
    const record = await pick(kind, name, options.version);
    if (record === undefined) throw await notFound(options, name);
    queue.push({ kind, record });
  }
  while (queue.length > 0) {
    const next = queue.shift()!;
    const key = `${next.kind}/${next.record.name}`;
    if (chosen.has(key)) continue;
    const dependencies: string[] = [];
    chosen.set(key, { ...next, dependencies });
    if (!options.withDependencies) continue;
    const { requires } = await dependenciesOf(next.record);
    for (const requirement of requires) {
      const found = await satisfy(requirement, options, chosen, available);
      if (found === undefined) throw missing(next.record.name, requirement);
      dependencies.push(found.name);
      if (found.record !== undefined) {
        queue.push({ kind: found.kind, record: found.record, requiredBy: next.record.name });
      }
    }
  }
  await refuseConflicts(chosen, available);
  return [...chosen.values()];
}

interface Satisfied {
  readonly kind: ExtensionKind;
  readonly name: string;
  /** Absent when the target has it already. */
  readonly record?: ExtensionRecord;
}

/** What meets a requirement: loaded, about to be loaded, or to be added; in that order, first alternative first. */
async function satisfy(
  { alternatives, range }: Requirement,
  options: ClosureOptions,
  chosen: ReadonlyMap<string, Wanted>,
  available: ReadonlyMap<string, readonly string[]>,
): Promise<Satisfied | undefined> {
  const kinds: ExtensionKind[] =
    options.kind === 'provider' ? ['provider', 'taskserv'] : ['taskserv', 'provider'];
  for (const name of alternatives) {
    for (const kind of kinds) {
      const versions = presentVersions(`${kind}/${name}`, chosen, available);
      if (versions !== undefined && anySatisfies(versions, range)) return { kind, name };
    }
  }
  for (const name of alternatives) {
    for (const kind of kinds) {
      const record = await options.pick(kind, name, range);
      if (record !== undefined) return { kind, name: record.name, record };
    }
  }
  for (const name of alternatives) {
    const provider = await providerOf(name, options, chosen, available);
    if (provider !== undefined) return provider;
  }
  return undefined;
}

function presentVersions(
  key: string,
  chosen: ReadonlyMap<string, Wanted>,
  available: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const record = chosen.get(key)?.record;
  return record === undefined ? available.get(key) : versionsOf(record);
}

/** A module that lists a capability in `provides` (07 §2). */
async function providerOf(
  capability: string,
  { catalogue, pick }: ClosureOptions,
  chosen: ReadonlyMap<string, Wanted>,
  available: ReadonlyMap<string, readonly string[]>,
): Promise<Satisfied | undefined> {
  const candidates: ExtensionRecord[] = [];
  for (const record of await catalogue.list('taskserv')) {
    if ((await dependenciesOf(record)).provides.includes(capability)) candidates.push(record);
  }
  const present = candidates.find(
    ({ name }) => available.has(`taskserv/${name}`) || chosen.has(`taskserv/${name}`),
  );
  if (present !== undefined) return { kind: 'taskserv', name: present.name };
  for (const { name } of candidates) {
    const record = await pick('taskserv', name);
    if (record !== undefined) return { kind: 'taskserv', name, record };
  }
  return undefined;
}

async function refuseConflicts(
  chosen: ReadonlyMap<string, Wanted>,
  available: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  for (const { record, kind } of chosen.values()) {
    for (const { alternatives, range } of (await dependenciesOf(record)).conflicts) {
      for (const name of alternatives) {
        const versions = presentVersions(`${kind}/${name}`, chosen, available);
        if (versions === undefined || !anySatisfies(versions, range)) continue;
        throw new ProvisioningError({
          code: 'MODULE_CONFLICT',
          kind: 'conflict',
          message: `Conflict: ${record.name} conflicts with ${name} ${versions[0]}`,
          hint: `Unload ${name} first, or leave ${record.name} out.`,
        });
      }
    }
  }
}

async function notFound(
  { catalogue, kind, version }: ClosureOptions,
  name: string,
): Promise<ProvisioningError> {
  const bad = catalogue.rejected.find((entry) => entry.name === name);
  const known = await catalogue.find(kind, name);
  const reason =
    bad?.reason ?? (known && version ? `it exists as ${known.version}, not as ${version}` : undefined);
  return new ProvisioningError({
    code: 'MODULE_NOT_FOUND',
    kind: 'not-found',
    message: `module not found: ${name}`,
    hint: reason === undefined ? `Run 'provisioning module discover ${kind}'` : `${name}: ${reason}`,
  });
}

function missing(dependent: string, { alternatives, range }: Requirement): ProvisioningError {
  const name = alternatives.join('|');
  return new ProvisioningError({
    code: 'MODULE_DEPENDENCY',
    kind: 'not-found',
    message: `Dependency not found: ${name}${range === '*' ? '' : ` ${range}`} (required by ${dependent})`,
    hint: 'Load it from another source, or leave dependencies out with --no-deps.',
  });
}
