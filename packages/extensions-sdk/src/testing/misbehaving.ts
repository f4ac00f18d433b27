import type { ServerResponse } from 'node:http';
import type { ConformanceMock, MockFault } from '../conformance/options.ts';
import { answer, type ReceivedRequest, startService, type TestService } from './index.ts';

/** How a change can go wrong beside a plain refusal. */
export interface LostAnswer {
  /** `lost`: done, but the connection breaks. `silent`: done, never answered. `dropped`: broken before it is done. */
  readonly kind: 'lost' | 'silent' | 'dropped';
  readonly method: string;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** A stand-in for a cloud's API that can be made to refuse, to break off and to keep silent. */
export abstract class MisbehavingService implements ConformanceMock, AsyncDisposable {
  readonly #faults: MockFault[] = [];
  readonly #losses: LostAnswer[] = [];
  #service: TestService | undefined;

  /** What it answers when it behaves; called only when the request is carried out. */
  protected abstract carryOut(request: ReceivedRequest): ServiceAnswer;
  /** What it says when it refuses by status alone. */
  protected abstract refusal(status: number): unknown;

  /** Headers of every answer. */
  protected headers(): Record<string, string> {
    return {};
  }

  /** Called before each request. */
  protected tick(): void {}

  protected async listen(): Promise<void> {
    this.#service = await startService((request, response) => this.#handle(request, response));
  }

  protected get origin(): string {
    return this.#service?.url ?? '';
  }

  mutations(): number {
    return this.#service?.requests.filter(({ method }) => method !== 'GET').length ?? 0;
  }

  requests(): number {
    return this.#service?.requests.length ?? 0;
  }

  fail(fault: MockFault): void {
    this.#faults.push(fault);
  }

  lose(loss: LostAnswer): void {
    this.#losses.push(loss);
  }

  /** Takes back every misbehaviour that is still to come. */
  behave(): void {
    this.#faults.length = 0;
    this.#losses.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    this.tick();
    const headers = this.headers();
    const fault = this.#nextFault(request.method);
    if (fault !== undefined) {
      const body = fault.body ?? this.refusal(fault.status);
      return answer(response, fault.status, body, { ...headers, ...fault.headers });
    }
    const index = this.#losses.findIndex(({ method }) => method === request.method);
    const [loss] = index < 0 ? [] : this.#losses.splice(index, 1);
    if (loss?.kind === 'dropped') return void response.destroy();
    const { status, body } = this.carryOut(request);
    if (loss?.kind === 'lost') return void response.destroy();
    if (loss?.kind === 'silent') return;
    answer(response, status, status === 204 ? undefined : body, headers);
  }

  #nextFault(method: string): MockFault | undefined {
    const index = this.#faults.findIndex((fault) => fault.method === undefined || fault.method === method);
    const fault = this.#faults[index];
    if (fault === undefined) return undefined;
    if (fault.times <= 1) this.#faults.splice(index, 1);
    else this.#faults[index] = { ...fault, times: fault.times - 1 };
    return fault;
  }
}
