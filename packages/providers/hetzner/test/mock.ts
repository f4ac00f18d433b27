import {
  MisbehavingService,
  type ReceivedRequest,
  type ServiceAnswer,
} from '@provisioning/extensions-sdk/testing';
import { descriptionFile, OpenApi } from './openapi.ts';
import { Refusal } from './refusal.ts';
import { type Item, MockState } from './state.ts';
import { routes } from './routes.ts';

export const token = 'hetzner-mock-token-0123456789';

/**
 * A stand-in for the Hetzner Cloud API. It keeps state as the real one does and holds every request and answer against
 * the published description; what differs is listed in `violations`.
 */
export class HetznerMock extends MisbehavingService {
  readonly api = new OpenApi(descriptionFile);
  readonly state = new MockState(this.api);
  readonly foreignServer = 'foreign-01';
  #remaining = 3600;

  static async start(): Promise<HetznerMock> {
    const mock = new HetznerMock();
    await mock.listen();
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
    return `${this.origin}/v1`;
  }

  get violations(): readonly string[] {
    return this.api.violations;
  }

  override behave(): void {
    super.behave();
    this.state.lag = 0;
  }

  protected override tick(): void {
    this.state.tick();
  }

  protected override headers(): Record<string, string> {
    this.#remaining = Math.max(1, this.#remaining - 1);
    return {
      'ratelimit-limit': '3600',
      'ratelimit-remaining': String(this.#remaining),
      'ratelimit-reset': String(Math.round(Date.now() / 1000) + 60),
    };
  }

  protected refusal(status: number): unknown {
    return { error: { code: faultCode(status), message: `status ${status}` } };
  }

  protected carryOut(request: ReceivedRequest): ServiceAnswer {
    const { status, body, template } = this.#answer(request, request.path.replace(/^\/v1/, ''));
    if (template !== undefined) this.api.checkAnswer(template, request.method, status, body);
    return { status, body };
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
