import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';
import type { OpenApi } from './openapi.ts';

export type Item = Record<string, unknown> & {
  id?: number;
  name?: string | null;
  labels?: Record<string, string>;
};
type Kind =
  'servers' | 'firewalls' | 'volumes' | 'ssh_keys' | 'networks' | 'images' | 'load_balancers' | 'rrsets';

const locations = ['fsn1', 'nbg1', 'hel1'];
const types = [
  { name: 'cx22', cores: 2, memory: 4, disk: 40, price: '0.0060' },
  { name: 'cx32', cores: 4, memory: 8, disk: 80, price: '0.0113' },
  { name: 'cax11', cores: 2, memory: 4, disk: 40, price: '0.0053', architecture: 'arm' },
] as const;
const systems = ['debian-12', 'ubuntu-22.04', 'ubuntu-24.04'];

interface Pending {
  readonly action: Item;
  readonly due: number;
  readonly finish: () => void;
}

/** What the service remembers. Its time is counted in requests: an action is done two requests after it began. */
export class MockState {
  /** Requests until a new resource shows in lists. */
  lag = 0;
  readonly #api: OpenApi;
  readonly #items = new Map<Kind, Map<number, { item: Item; visible: number }>>();
  readonly #actions = new Map<number, Item>();
  #pending: Pending[] = [];
  #tick = 0;
  #next = 100;

  constructor(api: OpenApi) {
    this.#api = api;
    for (const name of systems) {
      const [flavor = '', version = ''] = name.split('-');
      this.add('images', 'image', {
        name,
        type: 'system',
        os_flavor: flavor,
        os_version: version,
        architecture: 'x86',
        labels: {},
      });
    }
  }

  tick(): void {
    this.#tick += 1;
    const due = this.#pending.filter((entry) => entry.due <= this.#tick);
    this.#pending = this.#pending.filter((entry) => entry.due > this.#tick);
    for (const { action, finish } of due) {
      finish();
      Object.assign(action, { status: 'success', progress: 100, finished: new Date().toISOString() });
    }
  }

  add(kind: Kind, schema: string, values: Item): Item {
    const id = this.#next++;
    const item: Item = {
      ...this.#api.sample(schema),
      created: new Date(id * 1000).toISOString(),
      ...values,
      id,
    };
    this.#all(kind).set(id, { item, visible: this.#tick + this.lag });
    return item;
  }

  list(kind: Kind, query: URLSearchParams = new URLSearchParams()): Item[] {
    const wished = (query.get('label_selector') ?? '').split(',').filter(Boolean);
    return [...this.#all(kind).values()]
      .filter(({ visible }) => visible <= this.#tick)
      .map(({ item }) => item)
      .filter(({ labels = {} }) =>
        wished.every((term) => labels[term.split('=')[0] ?? ''] === term.split('=')[1]),
      )
      .filter((item) =>
        ['name', 'type', 'fingerprint'].every((key) => !query.has(key) || item[key] === query.get(key)),
      );
  }

  get(kind: Kind, id: string): Item {
    const found = this.#all(kind).get(Number(id));
    if (found === undefined) throw new Refusal(404, 'not_found', `${kind} with ID '${id}' not found`);
    return found.item;
  }

  delete(kind: Kind, id: number): void {
    this.#all(kind).delete(id);
  }

  /** Everything there is, whether lists show it already or not. */
  everything(kind: Kind): Item[] {
    return [...this.#all(kind).values()].map(({ item }) => item);
  }

  unique(kind: Kind, key: string, value: unknown): void {
    if (this.everything(kind).some((item) => item[key] === value)) {
      throw new Refusal(409, 'uniqueness_error', `${kind} ${key} is already used`);
    }
  }

  action(
    command: string,
    resources: readonly { id: number; type: string }[],
    finish: () => void = () => undefined,
  ): Item {
    const id = this.#next++;
    const action: Item = {
      ...this.#api.sample('action'),
      id,
      command,
      status: 'running',
      progress: 0,
      error: null,
      finished: null,
      started: new Date().toISOString(),
      resources: [...resources],
    };
    this.#actions.set(id, action);
    this.#pending.push({ action, due: this.#tick + 2, finish });
    return action;
  }

  getAction(id: string): Item {
    const action = this.#actions.get(Number(id));
    if (action === undefined) throw new Refusal(404, 'not_found', `action ${id} not found`);
    return action;
  }

  page(key: string, items: readonly Item[], query: URLSearchParams): { body: Item } {
    const page = Number(query.get('page') ?? 1);
    const per = Math.min(50, Number(query.get('per_page') ?? 25));
    const last = Math.max(1, Math.ceil(items.length / per));
    const pagination = {
      page,
      per_page: per,
      previous_page: page > 1 ? page - 1 : null,
      next_page: page < last ? page + 1 : null,
      last_page: last,
      total_entries: items.length,
    };
    return { body: { [key]: items.slice((page - 1) * per, page * per), meta: { pagination } } };
  }

  location(name: string): Item {
    const index = locations.indexOf(name);
    if (index < 0) throw new Refusal(422, 'invalid_input', `location ${name} not found`);
    return {
      ...this.#api.sample('location'),
      id: index + 1,
      name,
      country: index === 2 ? 'FI' : 'DE',
      network_zone: 'eu-central',
    };
  }

  locations(): Item[] {
    return locations.map((name) => this.location(name));
  }

  serverTypes(): Item[] {
    return types.map((type, index) => ({
      ...this.#api.sample('server_type'),
      id: index + 1,
      name: type.name,
      description: type.name.toUpperCase(),
      cores: type.cores,
      memory: type.memory,
      disk: type.disk,
      architecture: 'architecture' in type ? type.architecture : 'x86',
      locations: locations.map((name, place) => ({ id: place + 1, name, deprecation: null })),
      prices: locations.map((location) => ({
        location,
        included_traffic: 1,
        price_hourly: { net: type.price, gross: type.price },
        price_monthly: { net: String(Number(type.price) * 624), gross: '5' },
        price_per_tb_traffic: { net: '1', gross: '1.19' },
      })),
    }));
  }

  serverType(name: string): Item {
    const type = this.serverTypes().find((entry) => entry.name === name);
    if (type === undefined) throw new Refusal(422, 'invalid_input', `server type ${name} not found`);
    return type;
  }

  addServer(body: Item): Item {
    this.unique('servers', 'name', body.name);
    const type = this.serverType(String(body.server_type));
    const image = this.list('images').find(
      ({ name, id }) => name === body.image || String(id) === body.image,
    );
    if (image === undefined) throw new Refusal(422, 'invalid_input', `image ${String(body.image)} not found`);
    const location = this.location(String(body.location ?? 'fsn1'));
    const number = this.#next % 250;
    const net = (body.public_net ?? {}) as { enable_ipv4?: boolean };
    return this.add('servers', 'server', {
      name: body.name,
      labels: body.labels ?? {},
      status: 'initializing',
      server_type: type,
      image,
      location,
      datacenter: { ...this.#api.sample('data_center'), location, name: `${String(location.name)}-dc1` },
      primary_disk_size: type.disk,
      private_net: ((body.networks ?? []) as number[]).map((network) => ({
        network,
        ip: `10.0.0.${number}`,
        alias_ips: [],
        mac_address: '86:00:00:00:00:01',
      })),
      public_net: {
        floating_ips: [],
        firewalls: ((body.firewalls ?? []) as { firewall: number }[]).map(({ firewall }) => ({
          id: firewall,
          status: 'applied',
        })),
        ipv4:
          net.enable_ipv4 === false
            ? null
            : { id: 1, ip: `203.0.113.${number}`, blocked: false, dns_ptr: `static.${number}.example.com` },
        ipv6: { id: 2, ip: `2001:db8:${number}::/64`, blocked: false, dns_ptr: [] },
      },
      volumes: body.volumes ?? [],
      load_balancers: [],
      placement_group: null,
    });
  }

  fingerprint(publicKey: string): string {
    const hash = createHash('md5')
      .update(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'))
      .digest('hex');
    return hash.replaceAll(/(..)(?=.)/g, '$1:');
  }

  sample(schema: string): Item {
    return this.#api.sample(schema);
  }

  #all(kind: Kind): Map<number, { item: Item; visible: number }> {
    const known = this.#items.get(kind) ?? new Map<number, { item: Item; visible: number }>();
    this.#items.set(kind, known);
    return known;
  }
}
