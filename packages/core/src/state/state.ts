import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ObservedServer, ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { byName } from './by-name.ts';

/** What was last known of a taskserv on a server (05 §7.2). */
export interface TaskservRecord {
  readonly name: string;
  readonly version: string;
  readonly status: 'installed' | 'failed';
  readonly previous_version?: string;
  readonly installed_at: string;
}

/** What was last known of a server. The provider is the truth; this is a cache that can be rebuilt. */
export interface ServerRecord {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly plan: string;
  readonly zone: string;
  readonly cores: number;
  readonly memory: number;
  readonly status: string;
  /** When the server was first seen in this state; absent in records of older versions. */
  readonly status_since?: string;
  readonly ip_addresses: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly taskservs: readonly TaskservRecord[];
  /** GB. */
  readonly disk?: number;
  /** How it was last reached. */
  readonly ssh?: { readonly user: string; readonly port: number };
  /** What was begun and not finished: a creation that a crash interrupted goes on from here (05 §7.3.10). */
  readonly operation?: { readonly kind: string; readonly step: string; readonly started_at: string };
}

/** What `recordServer` knows besides the provider's own report. */
export interface RecordOptions {
  readonly ssh?: ServerRecord['ssh'];
  /** The operation that was begun has come to its end. */
  readonly finished?: boolean;
}

export interface InfrastructureState {
  readonly version: 1;
  readonly servers: Readonly<Record<string, ServerRecord>>;
  /** Wished size of groups set by `server scale` (05 §4.3). */
  readonly scale: Readonly<Record<string, number>>;
  /** The `count` each group of `scale` had in the definition then: another one there makes the wish void. */
  readonly scaled_from?: Readonly<Record<string, number>>;
  readonly autoscaling?: Readonly<Record<string, GroupScalingRecord>>;
}

/** What the autoscaler knows of a group from one look to the next, also over a restart (05 §5.3). Times are ISO. */
export interface GroupScalingRecord {
  readonly last_up?: string;
  readonly last_change?: string;
  /** A change that was asked for and whose end was not seen yet. */
  readonly pending?: {
    readonly wanted: number;
    /** What the group was to have before; nothing where its definition said it. */
    readonly before?: number;
    /** Workflow that makes it so; nothing when it was not sent. */
    readonly workflow?: string;
    /** Servers that are to go. */
    readonly leaving?: readonly string[];
  };
  /** Why the last change was taken back. */
  readonly refused?: string;
}

const empty: InfrastructureState = { version: 1, servers: byName(), scale: byName() };

/** `<infra>/data/state.json` (05 §7.2): 0600, replaced as a whole under a lock. */
export class StateFile {
  readonly path: string;

  constructor(infraPath: string) {
    this.path = join(infraPath, 'data', 'state.json');
  }

  /** The state, empty when there is none yet. @throws ProvisioningError `STATE_INVALID` when it does not parse. */
  async read(): Promise<InfrastructureState> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty;
      throw error;
    }
    try {
      const read = { ...empty, ...(JSON.parse(text) as Partial<InfrastructureState>) };
      return { ...read, servers: byName(read.servers), scale: byName(read.scale) };
    } catch (error) {
      throw new ProvisioningError({
        code: 'STATE_INVALID',
        kind: 'configuration',
        message: `The state file does not parse: ${(error as Error).message}`,
        location: { file: this.path },
        hint: 'It is only a cache: delete it, and the next plan rebuilds it from the provider.',
        cause: error,
      });
    }
  }

  /** Changes the state under the lock. */
  async update(change: (state: InfrastructureState) => InfrastructureState): Promise<void> {
    await withFileLock(this.path, async () => {
      const before = await this.read();
      const after = change(before);
      if (after !== before) await writeFileAtomic(this.path, `${JSON.stringify(after, null, 2)}\n`);
    });
  }

  /** Writes down a server whose creation was accepted, with its id, before anybody waits for it (05 §7.3.8). */
  async recordCreation(
    server: Pick<ServerRecord, 'id' | 'provider' | 'plan' | 'zone' | 'cores' | 'memory' | 'tags'> & {
      readonly hostname: string;
    },
    now: number,
  ): Promise<void> {
    const { hostname, ...known } = server;
    const time = new Date(now).toISOString();
    const record: ServerRecord = {
      ...known,
      name: hostname,
      status: 'creating',
      ip_addresses: {},
      created_at: time,
      updated_at: time,
      taskservs: [],
      operation: { kind: 'create', step: 'created', started_at: time },
    };
    await this.update((state) => ({ ...state, servers: { ...state.servers, [hostname]: record } }));
  }

  async recordServer(server: ObservedServer, now: number, options: RecordOptions = {}): Promise<void> {
    await this.update((state) => {
      const before = state.servers[server.hostname];
      // A server made anew has none of what its predecessor had.
      const known = before?.id === server.id ? before : undefined;
      const ssh = options.ssh ?? known?.ssh;
      const operation = options.finished === true ? undefined : known?.operation;
      const time = new Date(now).toISOString();
      const record: ServerRecord = {
        id: server.id,
        name: server.name,
        provider: server.provider,
        plan: server.plan,
        zone: server.zone,
        cores: server.cores,
        memory: server.memory,
        status: server.status,
        status_since: known?.status === server.status ? (known.status_since ?? time) : time,
        ip_addresses: { ...server.ip_addresses } as Record<string, string>,
        created_at: server.created_at,
        updated_at: time,
        tags: server.tags,
        taskservs: known?.taskservs ?? [],
        disk: server.disk,
        ...(ssh === undefined ? {} : { ssh }),
        ...(operation === undefined ? {} : { operation }),
      };
      return { ...state, servers: { ...state.servers, [server.hostname]: record } };
    });
  }

  /** Remembers how many servers a group shall have, as long as its definition asks for `defined`. */
  async scaleGroup(group: string, count: number, defined: number): Promise<void> {
    await this.update((state) => ({
      ...state,
      scale: { ...state.scale, [group]: count },
      scaled_from: { ...state.scaled_from, [group]: defined },
    }));
  }

  /**
   * A change the autoscaler asks for: the wish, and when it was, so that a crash forgets neither.
   * @param from members the group has now
   */
  async beginScaling(
    group: string,
    from: number,
    wanted: number,
    defined: number,
    now: number,
  ): Promise<void> {
    await this.update((state) => {
      const time = new Date(now).toISOString();
      const before = state.scale[group];
      const record: GroupScalingRecord = {
        ...(wanted > from ? { last_up: time } : lastUpOf(state.autoscaling?.[group])),
        last_change: time,
        pending: { wanted, ...(before === undefined ? {} : { before }) },
      };
      return {
        ...state,
        scale: { ...state.scale, [group]: wanted },
        scaled_from: { ...state.scaled_from, [group]: defined },
        autoscaling: { ...state.autoscaling, [group]: record },
      };
    });
  }

  /** The workflow that carries out what was begun. */
  async scalingSent(group: string, workflow: string, leaving: readonly string[]): Promise<void> {
    await this.update((state) => {
      const record = state.autoscaling?.[group];
      if (record?.pending === undefined) return state;
      const pending = { ...record.pending, workflow, leaving };
      return { ...state, autoscaling: { ...state.autoscaling, [group]: { ...record, pending } } };
    });
  }

  /** What was begun is done; with a reason it is taken back, and the group is to have what it had. */
  async endScaling(group: string, refused?: string): Promise<void> {
    await this.update((state) => {
      const { pending, refused: _before, ...record } = state.autoscaling?.[group] ?? {};
      const autoscaling = {
        ...state.autoscaling,
        [group]: { ...record, ...(refused === undefined ? {} : { refused }) },
      };
      // Somebody may have asked for another number since.
      if (pending === undefined || refused === undefined || state.scale[group] !== pending.wanted)
        return { ...state, autoscaling };
      const { [group]: _wish, ...scale } = state.scale;
      const kept = pending.before === undefined ? scale : { ...scale, [group]: pending.before };
      return { ...state, scale: kept, autoscaling };
    });
  }

  async forgetServer(hostname: string): Promise<void> {
    await this.update((state) => {
      if (!(hostname in state.servers)) return state;
      const { [hostname]: _gone, ...servers } = state.servers;
      return { ...state, servers };
    });
  }

  /** Writes down what a server has; one that is not known has no record to hold it. */
  async recordTaskservs(hostname: string, taskservs: readonly TaskservRecord[]): Promise<void> {
    await this.update((state) => {
      const server = state.servers[hostname];
      if (server === undefined) return state;
      return { ...state, servers: { ...state.servers, [hostname]: { ...server, taskservs } } };
    });
  }
}

function lastUpOf(record: GroupScalingRecord | undefined): Pick<GroupScalingRecord, 'last_up'> {
  return record?.last_up === undefined ? {} : { last_up: record.last_up };
}
