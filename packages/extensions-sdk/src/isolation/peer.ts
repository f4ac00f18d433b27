import { ProvisioningError } from '../error.ts';
import { type Exports, type Imports, type Message, decode, encode, encodeError } from './marshal.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One end of the conversation: calls methods of the other side, answers its calls, and passes functions and abort
 * signals along by number.
 */
export class Peer implements Exports, Imports {
  readonly #send: (message: Message) => void;
  readonly #answer: (method: string, parameters: unknown) => Promise<unknown>;
  readonly #pending = new Map<number, Pending>();
  readonly #functions = new Map<number, (...parameters: unknown[]) => unknown>();
  readonly #signals = new Map<number, AbortController>();
  #next = 1;

  constructor(
    send: (message: Message) => void,
    answer: (method: string, parameters: unknown) => Promise<unknown>,
  ) {
    this.#send = send;
    this.#answer = answer;
  }

  call(method: string, parameters: unknown): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ type: 'call', id, method, parameters: encode(parameters, this) });
    });
  }

  addFunction(value: (...parameters: unknown[]) => unknown): number {
    const id = this.#next++;
    this.#functions.set(id, value);
    return id;
  }

  addSignal(value: AbortSignal): number {
    const id = this.#next++;
    const abort = (): void => this.#send({ type: 'abort', signal: id });
    if (value.aborted) queueMicrotask(abort);
    else value.addEventListener('abort', abort, { once: true });
    return id;
  }

  callFunction(id: number, parameters: unknown[]): Promise<unknown> {
    return this.call(`function:${id}`, parameters);
  }

  signal(id: number): AbortSignal {
    const controller = new AbortController();
    this.#signals.set(id, controller);
    return controller.signal;
  }

  receive(message: Message): void {
    if (message.type === 'abort') this.#signals.get(message.signal)?.abort();
    else if (message.type === 'result') this.#take(message.id)?.resolve(decode(message.value, this));
    else if (message.type === 'error')
      this.#take(message.id)?.reject(ProvisioningError.fromJSON(message.error));
    else if (message.type === 'call') void this.#serve(message);
  }

  /** Ends every open call: the other side is gone. */
  fail(error: unknown): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  async #serve({ id, method, parameters }: Extract<Message, { type: 'call' }>): Promise<void> {
    try {
      const decoded = decode(parameters, this);
      const own = /^function:(\d+)$/.exec(method);
      const value =
        own === null
          ? await this.#answer(method, decoded)
          : await this.#functions.get(Number(own[1]))?.(...(decoded as unknown[]));
      this.#send({ type: 'result', id, value: encode(value, this) });
    } catch (error) {
      this.#send({ type: 'error', id, error: encodeError(error) });
    }
  }
}
