import type { ServerResponse } from 'node:http';
import type { ConformanceMock, MockFault } from '@provisioning/extensions-sdk/conformance';
import {
  answer,
  type ReceivedRequest,
  startService,
  type TestService,
} from '@provisioning/extensions-sdk/testing';

export const token = 'droplet-token-0123456789';

interface Droplet {
  readonly id: number;
  readonly name: string;
  status: string;
  size_slug: string;
  readonly [key: string]: unknown;
}

/** A service of DigitalOcean's shape: pages of two with links, actions, droplets that need a moment. */
export class DropletMock implements ConformanceMock, AsyncDisposable {
  readonly droplets: Droplet[] = [];
  readonly foreignServer = 'foreign-01';
  readonly #faults: MockFault[] = [];
  #service: TestService | undefined;
  #next = 1;
  silent = false;

  static async start(): Promise<DropletMock> {
    const mock = new DropletMock();
    mock.#service = await startService((request, response) => mock.#handle(request, response));
    for (const name of ['foreign-01', 'foreign-02', 'foreign-03'])
      mock.#add({ name, region: 'fra1', size: 's-1vcpu-1gb' });
    return mock;
  }

  get url(): string {
    return this.#service?.url ?? '';
  }

  get log(): readonly ReceivedRequest[] {
    return this.#service?.requests ?? [];
  }

  mutations(): number {
    return this.log.filter(({ method }) => method !== 'GET').length;
  }

  requests(): number {
    return this.log.length;
  }

  fail(fault: MockFault): void {
    this.#faults.push(fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.close();
  }

  #add(body: Record<string, unknown>): Droplet {
    const id = this.#next++;
    const droplet: Droplet = {
      id,
      name: String(body.name),
      status: 'new',
      memory: body.size === 's-2vcpu-4gb' ? 4096 : 1024,
      vcpus: body.size === 's-2vcpu-4gb' ? 2 : 1,
      disk: 25,
      size_slug: String(body.size),
      region: { slug: body.region },
      image: { slug: body.image ?? 'debian-12-x64' },
      tags: body.tags ?? [],
      created_at: new Date(1_700_000_000_000 + id * 1000).toISOString(),
      networks: {
        v4: [
          { type: 'private', ip_address: `10.0.0.${id}` },
          { type: 'public', ip_address: `203.0.113.${id}` },
        ],
        v6: [],
      },
    };
    this.droplets.push(droplet);
    return droplet;
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const index = this.#faults.findIndex(({ method }) => method === undefined || method === request.method);
    const fault = this.#faults[index];
    if (fault !== undefined) {
      if (fault.times <= 1) this.#faults.splice(index, 1);
      else this.#faults[index] = { ...fault, times: fault.times - 1 };
      return answer(response, fault.status, fault.body ?? { id: 'fault', message: 'refused' }, fault.headers);
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      return answer(response, 401, { id: 'unauthorized', message: 'Unable to authenticate you' });
    }
    const key = `${request.method} ${request.path.replace(/\/\d+(?=\/|$)/, '/*')}`;
    const id = Number(/\/(\d+)/.exec(request.path)?.[1]);
    const droplet = this.droplets.find((entry) => entry.id === id);
    const body = (request.body ?? {}) as Record<string, unknown>;
    switch (key) {
      case 'GET /account':
        return answer(response, 200, { account: { email: 'someone@example.com' } });
      case 'GET /sizes':
        return answer(response, 200, {
          sizes: [
            {
              slug: 's-1vcpu-1gb',
              memory: 1024,
              vcpus: 1,
              disk: 25,
              price_hourly: 0.00893,
              regions: ['fra1', 'nyc1'],
            },
            {
              slug: 's-2vcpu-4gb',
              memory: 4096,
              vcpus: 2,
              disk: 80,
              price_hourly: 0.03571,
              regions: ['fra1'],
            },
          ],
        });
      case 'GET /regions':
        return answer(response, 200, {
          regions: [
            { slug: 'fra1', name: 'Frankfurt 1', available: true },
            { slug: 'nyc1', name: 'New York 1', available: true },
          ],
        });
      case 'GET /images':
        return answer(response, 200, { images: [{ slug: 'debian-12-x64', distribution: 'Debian' }] });
      case 'GET /droplets': {
        for (const entry of this.droplets) if (entry.status === 'new') entry.status = 'active';
        const page = Number(request.query.get('page') ?? 1);
        const last = Math.ceil(this.droplets.length / 2);
        const links =
          page < last ? { pages: { next: `https://elsewhere.example.com/droplets?page=${page + 1}` } } : {};
        return answer(response, 200, { droplets: this.droplets.slice((page - 1) * 2, page * 2), links });
      }
      case 'POST /droplets': {
        const made = this.#add(body);
        if (this.silent) return;
        return answer(response, 202, { droplet: made });
      }
      case 'DELETE /droplets/*':
        if (droplet === undefined) return answer(response, 404, { id: 'not_found', message: 'not found' });
        this.droplets.splice(this.droplets.indexOf(droplet), 1);
        return answer(response, 204);
      case 'POST /droplets/*/actions':
        if (droplet === undefined) return answer(response, 404, { id: 'not_found', message: 'not found' });
        if (body.type === 'shutdown') droplet.status = 'off';
        if (body.type === 'power_on' || body.type === 'reboot') droplet.status = 'active';
        if (body.type === 'resize') droplet.size_slug = String(body.size);
        return answer(response, 201, { action: { status: 'in-progress' } });
      default:
        return answer(response, 404, { id: 'not_found', message: `${key} is not there` });
    }
  }
}
