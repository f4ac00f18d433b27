import { Worker } from 'node:worker_threads';

/** Bytes of one block: few enough to be still in a processor's cache when they are written after they were hashed. */
export const blockBytes = 256 * 1024;
const blocks = 16;

/** Written as text, since a program that is one bundled file has no file of its own for a thread. */
const thread = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { shared, algorithm, blockBytes, file } = workerData;
const hash = require('node:crypto').createHash(algorithm);
parentPort.on('message', ({ block, length }) => {
  if (block === undefined) return parentPort.postMessage({ digest: hash.digest('hex') });
  const bytes = new Uint8Array(shared, block * blockBytes, length);
  hash.update(bytes);
  for (let written = 0; written < length; ) written += writeSync(file, bytes, written, length - written);
  parentPort.postMessage({ block });
});`;

interface Answer {
  readonly block?: number;
  readonly digest?: string;
}

/**
 * Hashes and writes large content in a thread of its own, so that a second core does it while this one receives. The
 * content passes through a few blocks of memory that both see; nothing is allocated for each chunk.
 */
export class WriterThread {
  readonly #worker: Worker;
  readonly #blocks: readonly Buffer[];
  readonly #free: number[];
  #wake: (() => void) | undefined;
  #digest: string | undefined;
  #failure: Error | undefined;

  /** @param file number of an open file; it must stay open until `close` has ended. */
  constructor(algorithm: string, file: number) {
    const shared = new SharedArrayBuffer(blocks * blockBytes);
    this.#blocks = Array.from({ length: blocks }, (_, n) => Buffer.from(shared, n * blockBytes, blockBytes));
    this.#free = this.#blocks.map((_, n) => n);
    const workerData = { shared, algorithm, blockBytes, file };
    this.#worker = new Worker(thread, { eval: true, workerData, env: {}, execArgv: [] });
    this.#worker.on('message', ({ block, digest }: Answer) => {
      if (block !== undefined) this.#free.push(block);
      this.#digest = digest;
      this.#notify();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that writes has ended')));
  }

  /** A block to fill, as soon as there is one that the thread has done with. */
  async take(): Promise<Buffer> {
    while (this.#free.length === 0) await this.#change();
    return this.#blocks[this.#free.pop()!]!;
  }

  /** Hands over what a block was filled with. */
  send(block: Buffer, length: number): void {
    this.#worker.postMessage({ block: this.#blocks.indexOf(block), length });
  }

  /** The digest of all that was sent, in hexadecimal digits, once it is written. */
  async digest(): Promise<string> {
    this.#worker.postMessage({});
    while (this.#digest === undefined) await this.#change();
    return this.#digest;
  }

  /** Ends the thread after the block it is at. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #change(): Promise<void> {
    if (this.#failure === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
