import type { Cluster } from '../schemas/cluster.ts';
import type { AutoScaling, Settings } from '../schemas/infrastructure.ts';
import type { Network, Storage } from '../schemas/network.ts';
import type { Server } from '../schemas/server.ts';
import type { DeepPartial } from './merge.ts';

type Open<T> = DeepPartial<T> & Readonly<Record<string, unknown>>;

/** What a definition says about a server: only what differs from the defaults; other spellings of fields are allowed. */
export type ServerEntry = Omit<Open<Server>, 'hostname' | 'taskservs'> & {
  readonly hostname: string;
  readonly taskservs?: readonly (string | Readonly<Record<string, unknown>>)[];
};

/** The default export of `settings.ts`, or what a function exported there returns. */
export interface InfrastructureEntry {
  readonly settings?: Open<Settings>;
  readonly servers?: readonly ServerEntry[] | Readonly<Record<string, Omit<ServerEntry, 'hostname'>>>;
  readonly taskservs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly clusters?: Readonly<Record<string, Open<Cluster>>>;
  readonly network?: Open<Network>;
  readonly storage?: Open<Storage>;
  readonly auto_scaling?: Open<AutoScaling>;
  readonly [key: string]: unknown;
}

/** What a definition that is a function gets (02 §10). */
export interface DefinitionContext {
  readonly workspace: string;
  readonly infra: string;
  readonly environment: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Checks the types of a server entry; adds nothing, so that defaults of the infrastructure still apply beneath it. */
export function defineServer(entry: ServerEntry): ServerEntry {
  return entry;
}

/** Checks the types of a list of servers, the default export of `servers.ts`. */
export function defineServers(entries: readonly ServerEntry[]): readonly ServerEntry[] {
  return entries;
}

/** Checks the types of a definition, given as data or as a function of the context. */
export function defineInfrastructure<
  T extends
    | InfrastructureEntry
    | ((context: DefinitionContext) => InfrastructureEntry | Promise<InfrastructureEntry>),
>(definition: T): T {
  return definition;
}
