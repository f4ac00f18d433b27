import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from './http.ts';
import type { Labels } from './types.ts';

/** Numeric order of API versions. */
export function compareApi(left: string, right: string): number {
  const [a = 0, b = 0] = left.split('.').map(Number);
  const [c = 0, d = 0] = right.split('.').map(Number);
  return a - c || b - d;
}

/** The `filters` parameter for labels. */
export function labelFilter(labels: Labels): string | undefined {
  if (Object.keys(labels).length === 0) return undefined;
  return JSON.stringify({ label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) });
}

/** Keeps what has all the labels: Podman takes a filter of several labels on volumes as "any of them". */
export function withLabels<T extends { readonly Labels?: Labels | null }>(
  found: readonly T[],
  labels: Labels,
): T[] {
  const wanted = Object.entries(labels);
  return found.filter(({ Labels }) => wanted.every(([key, value]) => Labels?.[key] === value));
}

/** `undefined` in place of a 404; Podman says 500 of what somebody removed while it looked at it. */
export async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (error.status === 404 || /no such (container|volume)|has already been removed/i.test(error.message))
      return undefined;
    throw error;
  }
}

/** Whether a removal was refused because containers use the thing. */
export function heldByContainers(error: EngineError): boolean {
  return /being used|in use|active endpoints/i.test(error.message);
}

/** Whether a container cannot be removed at this moment, as it ends or as somebody else is removing it. */
function endsNow(error: EngineError): boolean {
  return /container state improper|removal of container \S+ is already in progress/i.test(error.message);
}

/**
 * Removes what a container that was just removed still holds for a moment, or a container that is just ending.
 * @returns `undefined` when it is gone already.
 */
export async function released<T>(remove: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await absent(remove());
    } catch (error) {
      const passes = error instanceof EngineError && (heldByContainers(error) || endsNow(error));
      if (!passes || attempt === 50) throw error;
      await sleep(100);
    }
  }
}

/**
 * Lists again while somebody removes what is being listed: Podman looks at one image after the other and gives up at the
 * first that is gone meanwhile.
 */
export async function whileOthersRemove<T>(list: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await list();
    } catch (error) {
      const gone = error instanceof EngineError && /image not known|no such image/i.test(error.message);
      if (!gone || attempt === 20) throw error;
      await sleep(100);
    }
  }
}

/** The two streams of an attached program: frames of an eight-byte header (stream, length) and the bytes. */
export async function demultiplex(stream: Readable): Promise<{ stdout: string; stderr: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const parts: Buffer[][] = [[], [], []];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    parts[bytes[at] === 2 ? 2 : 1]!.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return {
    stdout: Buffer.concat(parts[1]!).toString('utf8'),
    stderr: Buffer.concat(parts[2]!).toString('utf8'),
  };
}
