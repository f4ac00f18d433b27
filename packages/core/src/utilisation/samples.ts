import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../state/paths.ts';
import type { Load } from './measure.ts';

type Place = Parameters<typeof infraPath>[0];

/** The load of a server at a time (milliseconds). */
export interface Sample extends Load {
  readonly at: number;
}

const minute = 60_000;
const day = 86_400_000;
/** One sample in this time is kept for good: shorter ones say nothing about a week. */
const spacing = 10 * minute;
const keptDays = 30;
/** Bytes from which on old samples are dropped. */
const large = 256 * 1024;

function fileOf(place: Place, hostname: string): string {
  return join(infraPath(place), 'data', 'utilisation', `${hostname}.csv`);
}

/** Keeps a sample, unless there is one of the last ten minutes. */
export async function recordSample(place: Place, hostname: string, sample: Sample): Promise<void> {
  const file = fileOf(place, hostname);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withFileLock(file, async () => {
    const known = await readSamples(place, hostname);
    const last = known.at(-1);
    if (last !== undefined && sample.at - last.at < spacing) return;
    await appendFile(file, line(sample), { mode: 0o600 });
    if ((await stat(file)).size < large) return;
    const kept = [...known, sample].filter(({ at }) => at > sample.at - keptDays * day);
    await writeFileAtomic(file, kept.map(line).join(''), 0o600);
  });
}

/** Samples of a server, oldest first; lines that are none are left out. */
export async function readSamples(place: Place, hostname: string): Promise<readonly Sample[]> {
  const text = await readFile(fileOf(place, hostname), 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((row) => row.split(',').map(Number))
    .filter((row) => row.length === 3 && row.every(Number.isFinite))
    .map(([at, cpu, memory]) => ({ at: at!, cpu: cpu!, memory: memory! }));
}

function line({ at, cpu, memory }: Sample): string {
  return `${at},${cpu},${memory}\n`;
}

/**
 * The load that 95 % of the samples of the last days stay below; nothing where the days are not covered, so that an hour
 * of rest is never taken for a week of it.
 */
export function usualLoad(samples: readonly Sample[], days: number, now: number): Load | undefined {
  const first = now - days * day;
  const covered = samples.some(({ at }) => at <= first + day / 2);
  const within = samples.filter(({ at }) => at >= first && at <= now);
  // A server that was looked at for less than half of the time says too little.
  if (!covered || within.length < (days * day) / spacing / 2) return undefined;
  const at95 = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;
  return { cpu: at95(within.map(({ cpu }) => cpu)), memory: at95(within.map(({ memory }) => memory)) };
}
