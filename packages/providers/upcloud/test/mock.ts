import { randomUUID } from 'node:crypto';
import {
  MisbehavingService,
  type ReceivedRequest,
  type ServiceAnswer,
} from '@provisioning/extensions-sdk/testing';
import { cassette } from './cassettes.ts';
import { password, username } from './fixture.ts';
import { routes } from './routes.ts';
import { MockState, Refusal } from './state.ts';

/**
 * A stand-in for the UpCloud API with memory. Its servers, plans and zones have the shape of the recordings of the real
 * one; it refuses what the real one refuses: orders to a server in maintenance, deleting a running one.
 */
export class UpcloudMock extends MisbehavingService {
  readonly state = new MockState(
    (cassette('createstartstopserver')[0]?.answer as { server: Record<string, unknown> }).server,
    cassette('getplans')[0]?.answer,
    cassette('getzones')[0]?.answer,
  );
  readonly foreignServer = 'foreign-01';

  static async start(): Promise<UpcloudMock> {
    const mock = new UpcloudMock();
    await mock.listen();
    mock.state.addServer({
      hostname: mock.foreignServer,
      title: mock.foreignServer,
      zone: 'fi-hel2',
      plan: '1xCPU-1GB',
    });
    return mock;
  }

  get url(): string {
    return `${this.origin}/1.3`;
  }

  override behave(): void {
    super.behave();
    this.state.lag = 0;
  }

  protected override tick(): void {
    this.state.tick();
  }

  protected refusal(status: number): unknown {
    return { error: { error_code: `STATUS_${status}`, error_message: 'refused' } };
  }

  protected carryOut(request: ReceivedRequest): ServiceAnswer {
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const refuse = (status: number, code: string, text: string) => ({
      status,
      body: { error: { error_code: code, error_message: text } },
    });
    if (request.headers.authorization !== basic) {
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
