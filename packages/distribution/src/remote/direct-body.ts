import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Lending, LendingStream } from '../oci/chunks.ts';

/** Bytes that one read of a socket may bring. */
const blockBytes = 256 * 1024;
const blocks = 4;
const maxHead = 64 * 1024;

/** What a socket reads into, and what it is told when it has (`onread` of `net.connect`). */
export interface SocketReader {
  readonly buffer: () => Buffer;
  readonly callback: (bytes: number, buffer: Buffer) => boolean;
}

/**
 * The body of one large answer, read from its socket into the same few blocks of memory all along. Node's own client makes
 * a buffer for every 64 KiB that arrive and parses each; for a gibibyte that is a second of a processor, four times what
 * it takes to receive it.
 */
export class DirectBody extends Readable implements LendingStream {
  readonly #socket: Socket;
  readonly #free: Buffer[];
  /** Filled blocks in their order; what came with the head lies in memory of its own. */
  readonly #filled: { readonly bytes: Buffer; readonly block?: Buffer }[] = [];
  #left: number;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #reading: AsyncGenerator<Buffer> | undefined;

  constructor(socket: Socket, free: Buffer[], length: number, start: Buffer) {
    super();
    this.#socket = socket;
    this.#free = free;
    this.#left = length;
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(prematureClose()));
    this.#take(Buffer.from(start));
  }

  /** Takes what the socket has read. @returns whether it may go on. */
  received(length: number, block: Buffer): boolean {
    this.#take(block.subarray(0, length), block);
    // One block is always left for the next read.
    return this.#free.length > 1;
  }

  #take(bytes: Buffer, block?: Buffer): void {
    const wanted = bytes.subarray(0, this.#left);
    this.#left -= wanted.length;
    this.#filled.push({ bytes: wanted, ...(block === undefined ? {} : { block }) });
    if (this.#left === 0) {
      this.#ended = true;
      this.#socket.destroy();
    }
    this.#notify();
  }

  #fail(error: Error): void {
    if (!this.#ended) this.#failure ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** The body as it arrives: chunks whose memory is used again if they are lent, else copies. */
  async *lend(lending: Lending): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const next = this.#filled.shift();
        if (next !== undefined) {
          if (next.bytes.length > 0) yield lending.lent ? next.bytes : Buffer.from(next.bytes);
          if (next.block !== undefined) this.#free.push(next.block);
          if (this.#free.length > 0) this.#socket.resume();
        } else if (this.#ended) return;
        else if (this.#failure !== undefined) throw this.#failure;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#socket.destroy();
    }
  }

  override _read(): void {
    this.#reading ??= this.lend({ lent: false });
    this.#reading.next().then(
      ({ value, done }) => this.push(done === true ? null : value),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

export interface DirectAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: DirectBody;
}

/**
 * Asks over a connection of its own and reads the answer's head.
 * @param open connects with the reader that it is given.
 * @returns `undefined` when the answer is anything but plain content of a known length: ask again in the usual way.
 */
export function askDirectly(
  open: (reader: SocketReader) => Socket,
  head: string,
  limits: { readonly timeout: number; readonly onTimeout: () => Error; readonly signal?: AbortSignal },
): Promise<DirectAnswer | undefined> {
  const free: Buffer[] = Array.from({ length: blocks }, () => Buffer.allocUnsafeSlow(blockBytes));
  let start: Buffer = Buffer.alloc(0);
  let body: DirectBody | undefined;
  return new Promise((resolve, reject) => {
    const begin = (bytes: Buffer): boolean => {
      start = Buffer.concat([start, bytes]);
      const end = start.indexOf('\r\n\r\n');
      if (end === -1 && start.length < maxHead) return true;
      const answer = end === -1 ? undefined : readHead(start.toString('latin1', 0, end));
      if (answer === undefined) {
        socket.destroy();
        resolve(undefined);
        return false;
      }
      body = new DirectBody(socket, free, answer.length, start.subarray(end + 4));
      resolve({ status: answer.status, headers: answer.headers, body });
      return true;
    };
    const socket = open({
      // A connection with TLS still hands over what it has decrypted after it was told to wait.
      buffer: () => free.pop() ?? Buffer.allocUnsafeSlow(blockBytes),
      callback: (length, block) => {
        if (body !== undefined) return body.received(length, block);
        const more = begin(block.subarray(0, length));
        free.push(block);
        return more;
      },
    });
    const stop = (): void => void socket.destroy(limits.signal?.reason as Error);
    limits.signal?.addEventListener('abort', stop, { once: true });
    socket.setTimeout(limits.timeout, () => socket.destroy(limits.onTimeout()));
    socket.once('error', reject);
    socket.once('close', () => {
      limits.signal?.removeEventListener('abort', stop);
      if (body === undefined) reject(prematureClose());
    });
    socket.write(head);
  });
}

function readHead(
  text: string,
): { readonly status: number; readonly headers: IncomingHttpHeaders; readonly length: number } | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.[01] (200|206)(?: |$)/.exec(first)?.[1];
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || headers[name.toLowerCase()] !== undefined) return undefined;
    headers[name.toLowerCase()] = value;
  }
  const length = headers['content-length'] ?? '';
  const plain = headers['transfer-encoding'] === undefined && headers['content-encoding'] === undefined;
  if (status === undefined || !plain || !/^\d{1,15}$/.test(length)) return undefined;
  return { status: Number(status), headers, length: Number(length) };
}

function prematureClose(): Error {
  return Object.assign(new Error('the connection ended early'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
