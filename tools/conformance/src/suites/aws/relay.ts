import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConformanceMock, MockFault } from '@provisioning/extensions-sdk/conformance';

export const accessKey = 'AKIAIOSFODNN7EXAMPLE';

/**
 * Stands before moto: counts what changes something, refuses foreign keys (moto takes any) and answers with faults on
 * demand, in the form of the EC2 query protocol.
 */
export class Relay implements ConformanceMock, AsyncDisposable {
  readonly #target: number;
  readonly #faults: MockFault[] = [];
  readonly #server = createServer((incoming, response) => this.#handle(incoming, response));
  #mutations = 0;
  #requests = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  mutations(): number {
    return this.#mutations;
  }

  requests(): number {
    return this.#requests;
  }

  fail(fault: MockFault): void {
    this.#faults.push(fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(incoming: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const action = /(?:^|&)Action=([A-Za-z]+)/.exec(body.toString('utf8'))?.[1] ?? '';
      this.#requests += 1;
      if (
        !/^(Describe|Get|List|)/.test(action) ||
        /^(Run|Create|Delete|Start|Stop|Reboot|Terminate|Modify|Authorize|Revoke|Attach|Detach|Allocate|Associate|Release)/.test(
          action,
        )
      ) {
        this.#mutations += 1;
      }
      const [fault] = this.#faults;
      if (fault !== undefined) {
        if (fault.times <= 1) this.#faults.shift();
        else this.#faults[0] = { ...fault, times: fault.times - 1 };
        return refuse(
          response,
          fault.status,
          codes[fault.status] ?? 'InternalError',
          text(fault.body),
          fault.headers,
        );
      }
      if (!(incoming.headers.authorization ?? '').includes(`Credential=${accessKey}/`)) {
        return refuse(
          response,
          401,
          'AuthFailure',
          'AWS was not able to validate the provided access credentials',
        );
      }
      const onward = request(
        {
          host: '127.0.0.1',
          port: this.#target,
          method: incoming.method,
          path: incoming.url,
          headers: { ...incoming.headers, 'content-length': String(body.length) },
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => response.destroy());
      onward.end(body);
    });
  }
}

const codes: Readonly<Record<number, string>> = {
  403: 'UnauthorizedOperation',
  422: 'InstanceLimitExceeded',
  429: 'RequestLimitExceeded',
  503: 'ServiceUnavailable',
};

function text(body: unknown): string {
  const { error } = (body ?? {}) as { error?: { message?: string } };
  return error?.message ?? 'refused';
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/xml', ...headers });
  response.end(
    `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`,
  );
}
