import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import { writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../state/paths.ts';

/**
 * What `taskserv create` or `update` was asked for, kept from the moment it starts until all of it is done, so that
 * `taskserv update --resume` can go on. What is done already the servers know themselves (07 §5.9, §6.2.7).
 */
export interface TaskservRun {
  readonly id: string;
  readonly command: 'create' | 'update';
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
  /** Names by server, where not every server is meant to have all of them. */
  readonly byServer?: Readonly<Record<string, readonly string[]>>;
  /** Version asked for, the same for all. */
  readonly version?: string;
  readonly profile?: string;
  /** File whose configuration was merged over the definition. */
  readonly config_file?: string;
  readonly migrate?: boolean;
  readonly parallel?: boolean;
  readonly force?: boolean;
  readonly started_at: string;
}

type Place = Pick<Context, 'workspace' | 'infra'>;

function folder(place: Place): string {
  return join(infraPath(place), 'data', 'updates');
}

/** Remembers a run before its first step; what comes back forgets it. */
export async function openRun(
  place: Place,
  run: Omit<TaskservRun, 'id' | 'started_at'>,
  now: number,
): Promise<() => Promise<void>> {
  const at = new Date(now).toISOString();
  const id = `${at.replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-${randomBytes(2).toString('hex')}`;
  const record: TaskservRun = { id, ...run, started_at: at };
  await supersedeRuns(place, run.names);
  await writeFileAtomic(join(folder(place), `${id}.json`), `${JSON.stringify(record, null, 2)}\n`);
  return () => closeRun(place, id);
}

/** Forgets runs that were left and that concern only these taskservs: something newer was asked for. */
export async function supersedeRuns(place: Place, names: readonly string[]): Promise<void> {
  for (const run of await readRuns(place))
    if (run.names.every((name) => names.includes(name))) await closeRun(place, run.id);
}

/** Forgets a run that is done. */
export async function closeRun(place: Place, id: string): Promise<void> {
  await rm(join(folder(place), `${id}.json`), { force: true });
}

/**
 * The run that was left last.
 * @throws ProvisioningError `NOTHING_TO_RESUME` (exit 5).
 */
export async function unfinishedRun(place: Place): Promise<TaskservRun> {
  const last = (await readRuns(place)).at(-1);
  if (last !== undefined) return last;
  throw new ProvisioningError({
    code: 'NOTHING_TO_RESUME',
    kind: 'not-found',
    message: `No unfinished update of '${place.infra}'`,
    hint: 'Start one: provisioning taskserv update <name>',
  });
}

/** Runs that were left, oldest first. */
async function readRuns(place: Place): Promise<readonly TaskservRun[]> {
  const names = await readdir(folder(place)).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(folder(place), name), 'utf8')) as TaskservRun),
  );
}
