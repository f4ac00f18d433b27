import type { ServerResponse } from 'node:http';
import type { ConformanceMock, MockFault } from '@provisioning/extensions-sdk/conformance';
import {
  answer,
  type ReceivedRequest,
  startService,
  type TestService,
} from '@provisioning/extensions-sdk/testing';
import { descriptionFile, OpenApi } from './openapi.ts';
import { Refusal } from './refusal.ts';
import { type Item, MockState } from './state.ts';
import { routes } from './routes.ts';

/** How a change can go wrong beside a plain refusal. */
export interface LostAnswer {
  /** `lost`: done, but the connection breaks. `silent`: done, never answered. `dropped`: broken before it is done. */
  readonly kind: 'lost' | 'silent' | 'dropped';
  readonly method: string;
}

export const token = 'hetzner-mock-token-0123456789';

/**
 * A stand-in for the Hetzner Cloud API. It keeps state as the real one does and holds every request and answer against
 * the published description; what differs is listed in `violations`.
 */
export class HetznerMock implements ConformanceMock, AsyncDisposable {
  readonly api = new OpenApi(descriptionFile);
  readonly state = new MockState(this.api);
  readonly foreignServer = 'foreign-01';
  readonly #faults: MockFault[] = [];
  readonly #losses: LostAnswer[] = [];
  #service: TestService | undefined;
  #remaining = 3600;

  static async start(): Promise<HetznerMock> {
    const mock = new HetznerMock();
    mock.#service = await startService((request, response) => mock.#handle(request, response));
    mock.state.addServer({
      name: mock.foreignServer,
      labels: {},
      server_type: 'cx22',
      image: 'debian-12',
      location: 'fsn1',
    });
    return mock;
  }

  get url(): string {
    return `${this.#service?.url}/v1`;
  }

  get violations(): readonly string[] {
    return this.api.violations;
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
    this.state.lag = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.close();
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    this.state.tick();
    const path = request.path.replace(/^\/v1/, '');
    this.#remaining = Math.max(1, this.#remaining - 1);
    const headers = {
      'ratelimit-limit': '3600',
      'ratelimit-remaining': String(this.#remaining),
      'ratelimit-reset': String(Math.round(Date.now() / 1000) + 60),
    };
    const fault = this.#take(this.#faults, request.method);
    if (fault !== undefined) {
      const body = fault.body ?? {
        error: { code: faultCode(fault.status), message: `status ${fault.status}` },
      };
      return answer(response, fault.status, body, { ...headers, ...fault.headers });
    }
    const index = this.#losses.findIndex(({ method }) => method === request.method);
    const [loss] = index < 0 ? [] : this.#losses.splice(index, 1);
    if (loss?.kind === 'dropped') return void response.destroy();
    const { status, body, template } = this.#answer(request, path);
    if (template !== undefined) this.api.checkAnswer(template, request.method, status, body);
    if (loss?.kind === 'lost') return void response.destroy();
    if (loss?.kind === 'silent') return;
    answer(response, status, status === 204 ? undefined : body, headers);
  }

  #answer(request: ReceivedRequest, path: string): { status: number; body?: unknown; template?: string } {
    const refuse = (status: number, code: string, message: string, template?: string) => ({
      status,
      body: { error: { code, message, details: {} } },
      template,
    });
    if (request.headers.authorization !== `Bearer ${token}`) {
      return refuse(401, 'unauthorized', `unable to authenticate ${request.headers.authorization ?? ''}`);
    }
    const match = this.api.match(path);
    if (match === undefined) {
      this.api.violations.push(`${request.method} ${path} is not described`);
      return refuse(404, 'not_found', 'no such path');
    }
    const { template, parameters } = match;
    const problem = this.api.checkRequest(template, request.method, request.query, request.body);
    if (problem !== undefined) return refuse(422, 'invalid_input', problem, template);
    const route = routes[`${request.method} ${template}`];
    if (route === undefined)
      return refuse(501, 'service_error', `${request.method} ${template} is not mocked`);
    try {
      const body = (request.body ?? {}) as Item;
      const result = route({ state: this.state, parameters, query: request.query, body });
      return { status: request.method === 'GET' ? 200 : (result.status ?? 201), body: result.body, template };
    } catch (error) {
      if (error instanceof Refusal) return refuse(error.status, error.code, error.message, template);
      throw error;
    }
  }

  #take(faults: MockFault[], method: string): MockFault | undefined {
    const index = faults.findIndex((fault) => fault.method === undefined || fault.method === method);
    const fault = faults[index];
    if (fault === undefined) return undefined;
    if (fault.times <= 1) faults.splice(index, 1);
    else faults[index] = { ...fault, times: fault.times - 1 };
    return fault;
  }
}

function faultCode(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    401: 'unauthorized',
    403: 'forbidden',
    404: 'not_found',
    409: 'conflict',
    423: 'locked',
    429: 'rate_limit_exceeded',
    503: 'unavailable',
  };
  return codes[status] ?? 'server_error';
}
