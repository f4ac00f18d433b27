import type { CommandMetadata } from './frame/metadata.ts';

/** The class of a command as far as it is run and its help is made; `CommandClass` says the whole. */
export interface LoadedCommand {
  new (
    argv: string[],
    host: never,
  ): {
    run(): Promise<void>;
    readonly exitCode: number;
    withUsage(cause: unknown): unknown;
  };
  readonly args: object;
  readonly flags: object;
}

/** What help, completion and the alias registry know about a command without loading its class. */
export interface CommandEntry {
  /** `server create`. */
  readonly id: string;
  readonly summary: string;
  /** True for a command that works but is not listed (a spelling kept for compatibility). */
  readonly hidden?: boolean;
  load(): Promise<LoadedCommand>;
}

/** One option or argument in the form that help and completion print. */
export interface ParameterEntry {
  readonly name: string;
  readonly char?: string;
  readonly summary: string;
  readonly value?: string;
  readonly options?: readonly string[];
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly default?: string;
  /** Kind of names that complete it: `workspace`, `infra`, `server` … */
  readonly names?: string;
}

/** Everything about one command; the reference pages and `commands show` print it. */
export interface CommandDetails {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly arguments: readonly ParameterEntry[];
  readonly options: readonly ParameterEntry[];
  readonly examples: readonly string[];
  readonly metadata: CommandMetadata;
}

/**
 * All commands of this build. In the bundle it is a generated table, so that nothing is scanned at start; in tests and
 * tools it comes from reading the folder (`scanCatalogue`).
 */
export interface Catalogue {
  readonly version: string;
  readonly commands: ReadonlyMap<string, CommandEntry>;
  details(id: string): Promise<CommandDetails>;
}

/** Words under which something exists: every prefix of every command id (`server`, `server create`). */
export function prefixes(catalogue: Catalogue): ReadonlySet<string> {
  const known = prefixCache.get(catalogue);
  if (known) return known;
  const result = new Set<string>();
  for (const id of catalogue.commands.keys()) {
    for (let end = id.length; end !== -1; end = id.lastIndexOf(' ', end - 1)) result.add(id.slice(0, end));
  }
  prefixCache.set(catalogue, result);
  return result;
}
const prefixCache = new WeakMap<Catalogue, ReadonlySet<string>>();

/** Direct subcommands of a topic, in the order of the catalogue, each with what stands under it. */
export function subcommands(catalogue: Catalogue, topic: string): readonly string[] {
  const depth = topic === '' ? 0 : topic.split(' ').length;
  const result = new Set<string>();
  for (const [id, entry] of catalogue.commands) {
    if (entry.hidden || (topic !== '' && !id.startsWith(`${topic} `))) continue;
    result.add(id.split(' ')[depth]!);
  }
  return [...result];
}
