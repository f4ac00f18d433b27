import { randomUUID } from 'node:crypto';

export type Item = Record<string, unknown>;
interface Label {
  readonly key: string;
  readonly value: string;
}

/** A refusal with the API's code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What the service remembers. Its time is counted in requests. */
export class MockState {
  /** Requests until a new server shows in lists. */
  lag = 0;
  readonly servers = new Map<string, Item>();
  readonly storages = new Map<string, Item>();
  readonly networks = new Map<string, Item>();
  readonly balancers = new Map<string, Item>();
  readonly objectStorages = new Map<string, Item & { buckets: Item[] }>();
  readonly rules = new Map<string, Item[]>();
  readonly plans: unknown;
  readonly zones: unknown;
  readonly #template: Item;
  readonly #visible = new Map<string, number>();
  #pending: { due: number; finish: () => void }[] = [];
  #tick = 0;
  #number = 1;

  constructor(template: Item, plans: unknown, zones: unknown) {
    this.#template = template;
    this.plans = plans;
    this.zones = zones;
    for (const title of ['Ubuntu Server 22.04 LTS (Jammy Jellyfish)', 'Debian GNU/Linux 12 (Bookworm)']) {
      this.addStorage({ title, type: 'template', access: 'public', size: 4 });
    }
  }

  tick(): void {
    this.#tick += 1;
    const due = this.#pending.filter((entry) => entry.due <= this.#tick);
    this.#pending = this.#pending.filter((entry) => entry.due > this.#tick);
    for (const { finish } of due) finish();
  }

  after(requests: number, finish: () => void): void {
    this.#pending.push({ due: this.#tick + requests, finish });
  }

  addStorage(values: Item): Item {
    const uuid = `01${randomUUID().slice(2)}`;
    const storage = {
      state: 'online',
      created: new Date(0).toISOString(),
      servers: { server: [] },
      ...values,
      uuid,
    };
    this.storages.set(uuid, storage);
    return storage;
  }

  addServer(body: Item): Item {
    const uuid = `00${randomUUID().slice(2)}`;
    const number = this.#number++;
    const [cores = '1', memory = '1'] = String(body.plan).match(/\d+/g) ?? [];
    const devices = (
      (body.storage_devices as { storage_device?: Item[] } | undefined)?.storage_device ?? []
    ).map((device, index) => {
      if (device.action === 'clone') this.storage(String(device.storage));
      const storage = this.addStorage({
        title: device.title,
        size: device.size,
        type: 'normal',
        access: 'private',
        servers: { server: [uuid] },
      });
      return {
        address: `virtio:${index}`,
        boot_disk: index === 0 ? '1' : '0',
        storage: storage.uuid,
        storage_size: device.size,
        storage_title: device.title,
        type: 'disk',
      };
    });
    const wished =
      (body.networking as { interfaces?: { interface?: Item[] } } | undefined)?.interfaces?.interface ?? [];
    const interfaces = wished.map((entry, index) => ({
      index: index + 1,
      type: entry.type,
      ...(entry.network === undefined ? {} : { network: entry.network }),
      ip_addresses: {
        ip_address: [
          {
            address:
              entry.type === 'public'
                ? `203.0.113.${number}`
                : entry.type === 'utility'
                  ? `10.6.0.${number}`
                  : `10.0.0.${number}`,
            family: 'IPv4',
          },
        ],
      },
    }));
    const server: Item = {
      ...this.#template,
      uuid,
      hostname: body.hostname,
      title: body.title,
      zone: body.zone,
      plan: body.plan,
      core_number: cores,
      memory_amount: String(Number(memory) * 1024),
      created: 1_700_000_000 + number,
      state: 'maintenance',
      firewall: body.firewall ?? 'off',
      labels: body.labels ?? { label: [] },
      networking: { interfaces: { interface: interfaces } },
      ip_addresses: {
        ip_address: interfaces.flatMap(({ type, ip_addresses: { ip_address: list } }) =>
          list.map((entry) => ({ ...entry, access: type })),
        ),
      },
      storage_devices: { storage_device: devices },
    };
    this.servers.set(uuid, server);
    this.#visible.set(uuid, this.#tick + this.lag);
    this.after(3, () => (server.state = 'started'));
    return server;
  }

  listServers(query: URLSearchParams): Item[] {
    const wished = query.getAll('label').map((term) => term.split('='));
    return [...this.servers.values()].filter((server) => {
      const { label } = server.labels as { label: Label[] };
      const shown = (this.#visible.get(String(server.uuid)) ?? 0) <= this.#tick;
      return (
        shown &&
        wished.every(([key, value]) => label.some((entry) => entry.key === key && entry.value === value))
      );
    });
  }

  server(uuid: string): Item {
    const server = this.servers.get(uuid);
    if (server === undefined)
      throw new Refusal(404, 'SERVER_NOT_FOUND', `The server ${uuid} does not exist.`);
    return server;
  }

  /** A server in one of these states, or the refusal of the real API. */
  serverIn(uuid: string, ...states: string[]): Item {
    const server = this.server(uuid);
    if (!states.includes(String(server.state))) {
      throw new Refusal(
        409,
        'SERVER_STATE_ILLEGAL',
        `The server ${uuid} is in the state ${String(server.state)}.`,
      );
    }
    return server;
  }

  storage(uuid: string): Item {
    const storage = this.storages.get(uuid);
    if (storage === undefined)
      throw new Refusal(404, 'STORAGE_NOT_FOUND', `The storage ${uuid} does not exist.`);
    return storage;
  }
}
