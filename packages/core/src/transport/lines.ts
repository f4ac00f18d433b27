import { StringDecoder } from 'node:string_decoder';

/** How much of a stream that is read line by line is kept for the result. */
const keptTail = 1024 * 1024;

/** Collects one output stream and hands out its lines as soon as they are complete. */
export class LineCollector {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: ((line: string) => void) | undefined;
  #text: string[] = [];
  #length = 0;
  #partial = '';

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Ends the stream; a last line without a line feed is a line too. */
  finish(): string {
    this.#take(this.#decoder.end());
    if (this.#onLine !== undefined && this.#partial !== '') this.#onLine(this.#partial);
    this.#partial = '';
    return this.#text.join('');
  }

  #take(text: string): void {
    if (text === '') return;
    this.#text.push(text);
    this.#length += text.length;
    if (this.#onLine === undefined) return;
    // Whoever reads the lines does not need gigabytes of them again in the result.
    while (this.#length > keptTail && this.#text.length > 1) this.#length -= this.#text.shift()!.length;
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop()!;
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}
