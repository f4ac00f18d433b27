import { randomUUID } from 'node:crypto';
import { type Item, type MockState, Refusal } from './state.ts';

interface Call {
  readonly state: MockState;
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Item;
}
type Route = (call: Call) => { readonly status: number; readonly body?: unknown };

interface Device {
  readonly address: string;
  readonly storage: string;
}

const ok = (body: unknown) => ({ status: 200, body });
const devicesOf = (server: Item) => (server.storage_devices as { storage_device: Device[] }).storage_device;

function transition(during: string, after: string, from: readonly string[]): Route {
  return ({ state, ids: [uuid = ''] }) => {
    const server = state.serverIn(uuid, ...from);
    server.state = during;
    state.after(2, () => (server.state = after));
    return ok({ server });
  };
}

export const routes: readonly (readonly [string, Route])[] = [
  [
    'GET /account',
    () =>
      ok({ account: { username: 'mock', credits: 1000, resource_limits: { cores: 200, memory: 1048576 } } }),
  ],
  ['GET /plan', ({ state }) => ok(state.plans)],
  ['GET /zone', ({ state }) => ok(state.zones)],
  [
    'GET /price',
    () =>
      ok({
        prices: {
          zone: ['de-fra1', 'fi-hel2'].map((name) => ({
            name,
            'server_plan_1xCPU-1GB': { amount: 1, price: 0.744 },
            'server_plan_2xCPU-4GB': { amount: 1, price: 2.976 },
            storage_maxiops: { amount: 1, price: 0.031 },
            public_ipv4_address: { amount: 1, price: 0.42 },
          })),
        },
      }),
  ],
  [
    'GET /ip_address',
    ({ state }) =>
      ok({
        ip_addresses: {
          ip_address: [...state.servers.values()].flatMap((server) =>
            (server.ip_addresses as { ip_address: Item[] }).ip_address.map((entry) => ({
              ...entry,
              server: server.uuid,
            })),
          ),
        },
      }),
  ],
  [
    'GET /server',
    ({ state, query }) => {
      const short = state.listServers(query).map((server) => {
        const { ip_addresses: _a, networking: _b, storage_devices: _c, firewall: _d, ...rest } = server;
        return rest;
      });
      return ok({ servers: { server: short } });
    },
  ],
  [
    'POST /server',
    ({ state, body }) => ({ status: 202, body: { server: state.addServer(body.server as Item) } }),
  ],
  ['GET /server/*', ({ state, ids: [uuid = ''] }) => ok({ server: state.server(uuid) })],
  [
    'PUT /server/*',
    ({ state, ids: [uuid = ''], body }) => {
      const change = body.server as Item;
      const server =
        change.plan === undefined
          ? state.serverIn(uuid, 'started', 'stopped')
          : state.serverIn(uuid, 'stopped');
      Object.assign(server, change);
      return { status: 202, body: { server } };
    },
  ],
  [
    'DELETE /server/*',
    ({ state, ids: [uuid = ''], query }) => {
      const server = state.serverIn(uuid, 'stopped', 'error');
      for (const { storage } of devicesOf(server)) {
        if (query.get('storages') === '1') state.storages.delete(storage);
        else state.storage(storage).servers = { server: [] };
      }
      state.servers.delete(uuid);
      return { status: 204 };
    },
  ],
  ['POST /server/*/start', transition('maintenance', 'started', ['stopped'])],
  ['POST /server/*/stop', transition('started', 'stopped', ['started'])],
  ['POST /server/*/restart', transition('maintenance', 'started', ['started'])],
  [
    'PUT /server/*/firewall_rule',
    ({ state, ids: [uuid = ''], body }) => {
      state.serverIn(uuid, 'started', 'stopped');
      state.rules.set(uuid, (body.firewall_rules as { firewall_rule: Item[] }).firewall_rule);
      return ok({ firewall_rules: { firewall_rule: state.rules.get(uuid) } });
    },
  ],
  [
    'GET /server/*/firewall_rule',
    ({ state, ids: [uuid = ''] }) => ok({ firewall_rules: { firewall_rule: state.rules.get(uuid) ?? [] } }),
  ],
  [
    'POST /server/*/storage/attach',
    ({ state, ids: [uuid = ''], body }) => {
      const server = state.serverIn(uuid, 'started', 'stopped');
      const { storage } = body.storage_device as Device;
      const known = state.storage(storage);
      known.servers = { server: [uuid] };
      const device = {
        address: `virtio:${devicesOf(server).length}`,
        storage,
        storage_size: known.size,
        storage_title: known.title,
        type: 'disk',
      };
      server.storage_devices = { storage_device: [...devicesOf(server), device] };
      return ok({ server });
    },
  ],
  [
    'POST /server/*/storage/detach',
    ({ state, ids: [uuid = ''], body }) => {
      const server = state.server(uuid);
      const { address } = body.storage_device as Device;
      const gone = devicesOf(server).find((device) => device.address === address);
      if (gone === undefined) throw new Refusal(404, 'STORAGE_NOT_FOUND', 'no such device');
      state.storage(gone.storage).servers = { server: [] };
      server.storage_devices = { storage_device: devicesOf(server).filter((device) => device !== gone) };
      return ok({ server });
    },
  ],
  ['GET /storage/template', ({ state }) => list(state, 'template')],
  ['GET /storage/normal', ({ state }) => list(state, 'normal')],
  ['GET /storage/backup', ({ state }) => list(state, 'backup')],
  [
    'POST /storage',
    ({ state, body }) => ({
      status: 201,
      body: { storage: state.addStorage({ type: 'normal', ...(body.storage as Item) }) },
    }),
  ],
  ['GET /storage/*', ({ state, ids: [uuid = ''] }) => ok({ storage: state.storage(uuid) })],
  [
    'PUT /storage/*',
    ({ state, ids: [uuid = ''], body }) => ({
      status: 202,
      body: { storage: Object.assign(state.storage(uuid), body.storage) },
    }),
  ],
  [
    'DELETE /storage/*',
    ({ state, ids: [uuid = ''] }) => {
      state.storage(uuid);
      state.storages.delete(uuid);
      return { status: 204 };
    },
  ],
  [
    'POST /storage/*/backup',
    ({ state, ids: [uuid = ''], body }) => {
      state.storage(uuid);
      return {
        status: 201,
        body: { storage: state.addStorage({ ...(body.storage as Item), type: 'backup', origin: uuid }) },
      };
    },
  ],
  [
    'POST /storage/*/restore',
    ({ state, ids: [uuid = ''] }) => {
      const origin = state.storage(String(state.storage(uuid).origin));
      for (const holder of (origin.servers as { server: string[] }).server) state.serverIn(holder, 'stopped');
      return { status: 204 };
    },
  ],
  ['GET /network', ({ state }) => ok({ networks: { network: [...state.networks.values()] } })],
  [
    'POST /network',
    ({ state, body }) => {
      const network = { ...(body.network as Item), uuid: `03${randomUUID().slice(2)}`, type: 'private' };
      state.networks.set(network.uuid, network);
      return { status: 201, body: { network } };
    },
  ],
  ['DELETE /network/*', ({ state, ids: [uuid = ''] }) => (state.networks.delete(uuid), { status: 204 })],
  [
    'GET /object-storage-2/regions',
    () =>
      ok([{ name: 'europe-1', primary_zone: 'fi-hel2', zones: [{ name: 'fi-hel2' }, { name: 'de-fra1' }] }]),
  ],
  [
    'GET /object-storage-2',
    ({ state }) => ok([...state.objectStorages.values()].map(({ buckets: _, ...service }) => service)),
  ],
  [
    'POST /object-storage-2',
    ({ state, body }) => {
      const uuid = `12${randomUUID().slice(2)}`;
      const service = {
        ...body,
        ...{ uuid, created_at: '2024-02-29T11:26:11.968409Z', operational_state: 'pending', buckets: [] },
      };
      state.objectStorages.set(uuid, service);
      state.after(3, () => (service.operational_state = 'running'));
      return { status: 201, body: { ...service, buckets: undefined } };
    },
  ],
  [
    'GET /object-storage-2/*',
    ({ state, ids: [uuid = ''] }) => ok({ ...objectStorage(state, uuid), buckets: undefined }),
  ],
  [
    'DELETE /object-storage-2/*',
    ({ state, ids: [uuid = ''] }) => {
      if (objectStorage(state, uuid).buckets.length > 0)
        throw new Refusal(409, 'SERVICE_ERROR', 'the service has buckets');
      state.objectStorages.delete(uuid);
      return { status: 204 };
    },
  ],
  [
    'GET /object-storage-2/*/buckets',
    ({ state, ids: [uuid = ''] }) => ok(objectStorage(state, uuid).buckets),
  ],
  [
    'POST /object-storage-2/*/buckets',
    ({ state, ids: [uuid = ''], body }) => {
      const service = objectStorage(state, uuid);
      if (service.operational_state !== 'running') throw new Refusal(409, 'SERVICE_ERROR', 'not running');
      if (service.buckets.some((bucket) => bucket.name === body.name))
        throw new Refusal(409, 'SERVICE_ERROR', 'the bucket exists');
      const bucket = { name: body.name, total_objects: 0, total_size_bytes: 0 };
      service.buckets.push(bucket);
      return { status: 201, body: bucket };
    },
  ],
  [
    'DELETE /object-storage-2/*/buckets/*',
    ({ state, ids: [uuid = '', name = ''] }) => {
      const service = objectStorage(state, uuid);
      service.buckets = service.buckets.filter((bucket) => bucket.name !== name);
      return { status: 204 };
    },
  ],
  ['GET /load-balancer', ({ state }) => ok([...state.balancers.values()])],
  [
    'POST /load-balancer',
    ({ state, body }) => {
      const uuid = `0a${randomUUID().slice(2)}`;
      const balancer = { ...body, uuid, dns_name: 'lb.example.com' };
      state.balancers.set(uuid, balancer);
      return { status: 201, body: balancer };
    },
  ],
  ['GET /load-balancer/*', ({ state, ids: [uuid = ''] }) => ok(state.balancers.get(uuid))],
  [
    'DELETE /load-balancer/*',
    ({ state, ids: [uuid = ''] }) => (state.balancers.delete(uuid), { status: 204 }),
  ],
  [
    'POST /load-balancer/*/backends/*/members',
    ({ state, ids: [uuid = '', name = ''], body }) => {
      backend(state, uuid, name).members.push({ ...body, operational_state: 'healthy' });
      return { status: 201, body };
    },
  ],
  [
    'PATCH /load-balancer/*/backends/*/members/*',
    ({ state, ids: [uuid = '', name = '', member = ''], body }) => {
      const found = backend(state, uuid, name).members.find((entry) => entry.name === member);
      if (found === undefined) throw new Refusal(404, 'MEMBER_NOT_FOUND', member);
      return ok(Object.assign(found, body));
    },
  ],
  [
    'DELETE /load-balancer/*/backends/*/members/*',
    ({ state, ids: [uuid = '', name = '', member = ''] }) => {
      const found = backend(state, uuid, name);
      found.members = found.members.filter((entry) => entry.name !== member);
      return { status: 204 };
    },
  ],
];

function list(state: MockState, type: string) {
  return ok({
    storages: { storage: [...state.storages.values()].filter((storage) => storage.type === type) },
  });
}

function objectStorage(state: MockState, uuid: string): Item & { buckets: Item[] } {
  const found = state.objectStorages.get(uuid);
  if (found === undefined) throw new Refusal(404, 'SERVICE_NOT_FOUND', uuid);
  return found;
}

function backend(state: MockState, uuid: string, name: string): { members: Item[] } {
  const backends = (state.balancers.get(uuid)?.backends ?? []) as { name: string; members: Item[] }[];
  const found = backends.find((entry) => entry.name === name);
  if (found === undefined) throw new Refusal(404, 'BACKEND_NOT_FOUND', name);
  return found;
}
