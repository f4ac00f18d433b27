import type { Readable } from 'node:stream';
import { bytesPassed } from './young-garbage.ts';

/** Chunks held before the source is told to wait. */
const waitingChunks = 8;

/** Blobs at least this large are worth a connection and a thread of their own. */
export const largeBytes = 32 * 1024 * 1024;

/** Whether who reads chunks is done with each when it asks for the next; set before the first is asked for. */
export interface Lending {
  lent: boolean;
}

/** A stream whose chunks lie in memory that is used again. */
export interface LendingStream extends Readable {
  lend(lending: Lending): AsyncGenerator<Buffer>;
}

/**
 * The chunks of a stream exactly as they arrive. Iterating a stream directly joins whatever has gathered in its buffer,
 * which copies every byte of a fast transfer once more.
 */
export async function* chunksOf(
  stream: Readable | LendingStream,
  lending: Lending = { lent: false },
): AsyncGenerator<Buffer> {
  if ('lend' in stream) return yield* stream.lend(lending);
  const queue: Buffer[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  stream.on('data', (chunk: Buffer) => {
    queue.push(chunk);
    if (queue.length >= waitingChunks) stream.pause();
    notify();
  });
  stream.once('end', () => {
    ended = true;
    notify();
  });
  stream.once('error', (error: Error) => {
    failure = error;
    notify();
  });
  stream.once('close', () => {
    if (!ended) failure ??= prematureClose();
    notify();
  });
  // Iteration starts when somebody asks for the first chunk; the stream may be over by then.
  if (stream.readableEnded) ended = true;
  else if (stream.destroyed) failure = stream.errored ?? prematureClose();
  try {
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) {
        yield chunk;
        bytesPassed(chunk.length);
        if (queue.length < waitingChunks / 2 && stream.isPaused()) stream.resume();
      } else if (failure !== undefined) throw failure;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    if (!ended) stream.destroy();
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('the stream ended early'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
