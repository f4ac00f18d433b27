import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ConformanceMock, MockFault } from '@provisioning/extensions-sdk/conformance';
import {
  answer,
  type ReceivedRequest,
  startService,
  type TestService,
} from '@provisioning/extensions-sdk/testing';
import { cassette } from './cassettes.ts';
import { password, token, username } from './fixture.ts';
import { routes } from './routes.ts';
import { MockState, Refusal } from './state.ts';

export interface LostAnswer {
  /** `lost`: done, but the connection breaks. `silent`: done, never answered. `dropped`: broken before it is done. */
  readonly kind: 'lost' | 'silent' | 'dropped';
  readonly method: string;
}

/**
 * A stand-in for the UpCloud API with memory. Its servers, plans and zones have the shape of the recordings of the real
 * one; it refuses what the real one refuses: orders to a server in maintenance, deleting a running one.
 */
export class UpcloudMock implements ConformanceMock, AsyncDisposable {
  readonly state = new MockState(
    (cassette('createstartstopserver')[0]?.answer as { server: Record<string, unknown> }).server,
    cassette('getplans')[0]?.answer,
    cassette('getzones')[0]?.answer,
  );
  readonly foreignServer = 'foreign-01';
  readonly #faults: MockFault[] = [];
  readonly #losses: LostAnswer[] = [];
  #service: TestService | undefined;

  static async start(): Promise<UpcloudMock> {
    const mock = new UpcloudMock();
    mock.#service = await startService((request, response) => mock.#handle(request, response));
    mock.state.addServer({
      hostname: mock.foreignServer,
      title: mock.foreignServer,
      zone: 'fi-hel2',
      plan: '1xCPU-1GB',
    });
    return mock;
  }

  get url(): string {
    return `${this.#service?.url}/1.3`;
  }

  mutations(): number {
    return this.#service?.requests.filter(({ method }) => method !== 'GET').length ?? 0;
  }

  requests(): number {
    return this.#service?.requests.length ?? 0;
  }

  /** What was asked to change something, in order. */
  changes(): readonly string[] {
    const all = this.#service?.requests ?? [];
    return all.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  fail(fault: MockFault): void {
    this.#faults.push(fault);
  }

  lose(loss: LostAnswer): void {
    this.#losses.push(loss);
  }

  behave(): void {
    this.#faults.length = 0;
    this.#losses.length = 0;
    this.state.lag = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    this.state.tick();
    const index = this.#faults.findIndex(({ method }) => method === undefined || method === request.method);
    const fault = this.#faults[index];
    if (fault !== undefined) {
      if (fault.times <= 1) this.#faults.splice(index, 1);
      else this.#faults[index] = { ...fault, times: fault.times - 1 };
      const body = fault.body ?? {
        error: { error_code: `STATUS_${fault.status}`, error_message: 'refused' },
      };
      return answer(response, fault.status, body, fault.headers);
    }
    const lossIndex = this.#losses.findIndex(({ method }) => method === request.method);
    const [loss] = lossIndex < 0 ? [] : this.#losses.splice(lossIndex, 1);
    if (loss?.kind === 'dropped') return void response.destroy();
    const { status, body } = this.#answer(request);
    if (loss?.kind === 'lost') return void response.destroy();
    if (loss?.kind === 'silent') return;
    answer(response, status, body);
  }

  #answer(request: ReceivedRequest): { status: number; body?: unknown } {
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const refuse = (status: number, code: string, text: string) => ({
      status,
      body: { error: { error_code: code, error_message: text } },
    });
    if (![basic, `Bearer ${token}`].includes(request.headers.authorization ?? '')) {
      return refuse(
        401,
        'AUTHENTICATION_FAILED',
        `Authentication failed using the given username and password.`,
      );
    }
    const path = request.path.replace(/^\/1\.3/, '').replace(/(.)\/$/, '$1');
    for (const [pattern, route] of routes) {
      const [method, template = ''] = pattern.split(' ');
      const match =
        method === request.method ? new RegExp(`^${template.replaceAll('*', '([^/]+)')}$`).exec(path) : null;
      if (match === null) continue;
      try {
        return route({
          state: this.state,
          ids: match.slice(1),
          query: request.query,
          body: (request.body ?? {}) as Record<string, unknown>,
        });
      } catch (error) {
        if (error instanceof Refusal) return refuse(error.status, error.code, error.message);
        throw error;
      }
    }
    return refuse(404, 'NOT_FOUND', `${request.method} ${path} is not mocked ${randomUUID()}`);
  }
}
