import { Refusal } from './refusal.ts';
import type { Item, MockState } from './state.ts';

interface Call {
  readonly state: MockState;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Item;
}
type Route = (call: Call) => { readonly status?: number; readonly body?: unknown };

interface Attached {
  readonly id: number;
}

const server = ({ state, parameters }: Call): Item => state.get('servers', parameters.id ?? '');

/** An action on a server that ends in a state. A locked server refuses a second one. */
function serverAction(command: string, from: readonly string[], during: string, after: string): Route {
  return (call) => {
    const item = server(call);
    if (item.locked === true)
      throw new Refusal(423, 'locked', 'Server is locked because of a running action');
    if (!from.includes(String(item.status)))
      throw new Refusal(409, 'conflict', `server is ${String(item.status)}`);
    Object.assign(item, { status: during, locked: true });
    const action = call.state.action(command, [{ id: item.id ?? 0, type: 'server' }], () => {
      Object.assign(item, { status: after, locked: false });
    });
    return { body: { action } };
  };
}

const createServer: Route = ({ state, body }) => {
  for (const id of (body.volumes ?? []) as number[]) {
    if (state.get('volumes', String(id)).server !== null)
      throw new Refusal(409, 'conflict', 'volume is attached');
  }
  for (const key of (body.ssh_keys ?? []) as string[]) state.get('ssh_keys', key);
  const item = state.addServer(body);
  for (const id of (body.volumes ?? []) as number[]) state.get('volumes', String(id)).server = item.id;
  const resources = [{ id: item.id ?? 0, type: 'server' }];
  const action = state.action('create_server', resources, () => (item.status = 'starting'));
  const next = state.action('start_server', resources, () => (item.status = 'running'));
  return { body: { server: item, action, next_actions: [next], root_password: null } };
};

const deleteServer: Route = (call) => {
  const item = server(call);
  if (item.locked === true) throw new Refusal(423, 'locked', 'Server is locked because of a running action');
  for (const volume of call.state.everything('volumes')) if (volume.server === item.id) volume.server = null;
  call.state.delete('servers', item.id ?? 0);
  return {
    status: 200,
    body: { action: call.state.action('delete_server', [{ id: item.id ?? 0, type: 'server' }]) },
  };
};

const changeType: Route = (call) => {
  const item = server(call);
  if (item.status !== 'off') throw new Refusal(409, 'conflict', 'server must be off');
  const type = call.state.serverType(String(call.body.server_type));
  item.locked = true;
  const resources = [{ id: item.id ?? 0, type: 'server' }];
  const finish = () => Object.assign(item, { server_type: type, locked: false });
  return { body: { action: call.state.action('change_server_type', resources, finish) } };
};

function inUse(state: MockState, firewall: number): boolean {
  return state
    .everything('servers')
    .some(({ public_net: net }) =>
      (net as { firewalls: Attached[] }).firewalls.some(({ id }) => id === firewall),
    );
}

function firewallServers(
  { state, parameters, body }: Call,
  key: string,
  change: (list: Attached[], id: number) => Attached[],
) {
  const id = Number(parameters.id);
  state.get('firewalls', String(id));
  const actions = ((body[key] ?? []) as { server: Attached }[]).map(({ server: target }) => {
    const net = state.get('servers', String(target.id)).public_net as { firewalls: Attached[] };
    net.firewalls = change(net.firewalls, id);
    return state.action('apply_firewall', [{ id, type: 'firewall' }]);
  });
  return { body: { actions } };
}

export const routes: Readonly<Record<string, Route>> = {
  'GET /locations': ({ state, query }) => state.page('locations', state.locations(), query),
  'GET /server_types': ({ state, query }) => state.page('server_types', state.serverTypes(), query),
  'GET /images': ({ state, query }) => state.page('images', state.list('images', query), query),
  'GET /images/{id}': ({ state, parameters }) => ({
    body: { image: state.get('images', parameters.id ?? '') },
  }),
  'DELETE /images/{id}': ({ state, parameters }) => (
    state.delete('images', Number(parameters.id)),
    { status: 204 }
  ),
  'GET /pricing': ({ state }) => {
    const net = { net: '0.0440', gross: '0.05' };
    const pricing = {
      ...(state.sample('list_prices_response').pricing as Item),
      currency: 'EUR',
      volume: { price_per_gb_month: net },
    };
    return { body: { pricing } };
  },
  'GET /actions/{id}': ({ state, parameters }) => ({
    body: { action: state.getAction(parameters.id ?? '') },
  }),

  'GET /servers': ({ state, query }) => state.page('servers', state.list('servers', query), query),
  'POST /servers': createServer,
  'GET /servers/{id}': (call) => ({ body: { server: server(call) } }),
  'PUT /servers/{id}': (call) => ({ status: 200, body: { server: Object.assign(server(call), call.body) } }),
  'DELETE /servers/{id}': deleteServer,
  'POST /servers/{id}/actions/poweron': serverAction(
    'start_server',
    ['off', 'running'],
    'starting',
    'running',
  ),
  'POST /servers/{id}/actions/shutdown': serverAction(
    'shutdown_server',
    ['running', 'off'],
    'running',
    'off',
  ),
  'POST /servers/{id}/actions/poweroff': serverAction('stop_server', ['running', 'off'], 'stopping', 'off'),
  'POST /servers/{id}/actions/reboot': serverAction('reboot_server', ['running'], 'running', 'running'),
  'POST /servers/{id}/actions/reset': serverAction('reset_server', ['running'], 'running', 'running'),
  'POST /servers/{id}/actions/change_type': changeType,
  'POST /servers/{id}/actions/rebuild': (call) => {
    const { action } = serverAction('rebuild_server', ['running', 'off'], 'rebuilding', 'running')(call)
      .body as { action: Item };
    return { body: { action, root_password: null } };
  },
  'POST /servers/{id}/actions/create_image': (call) => {
    const image = call.state.add('images', 'image', {
      ...call.body,
      type: 'snapshot',
      name: null,
      created_from: { id: server(call).id, name: server(call).name },
    });
    return {
      body: { image, action: call.state.action('create_image', [{ id: image.id ?? 0, type: 'image' }]) },
    };
  },

  'GET /ssh_keys': ({ state, query }) => state.page('ssh_keys', state.list('ssh_keys', query), query),
  'POST /ssh_keys': ({ state, body }) => {
    const fingerprint = state.fingerprint(String(body.public_key));
    state.unique('ssh_keys', 'fingerprint', fingerprint);
    return { body: { ssh_key: state.add('ssh_keys', 'ssh_key', { ...body, fingerprint }) } };
  },
  'DELETE /ssh_keys/{id}': ({ state, parameters }) => {
    state.get('ssh_keys', parameters.id ?? '');
    state.delete('ssh_keys', Number(parameters.id));
    return { status: 204 };
  },

  'GET /firewalls': ({ state, query }) => state.page('firewalls', state.list('firewalls', query), query),
  'POST /firewalls': ({ state, body }) => {
    state.unique('firewalls', 'name', body.name);
    return {
      body: { firewall: state.add('firewalls', 'firewall', { ...body, rules: rules(body) }), actions: [] },
    };
  },
  'DELETE /firewalls/{id}': ({ state, parameters }) => {
    state.get('firewalls', parameters.id ?? '');
    if (inUse(state, Number(parameters.id))) throw new Refusal(409, 'resource_in_use', 'firewall is in use');
    state.delete('firewalls', Number(parameters.id));
    return { status: 204 };
  },
  'POST /firewalls/{id}/actions/set_rules': ({ state, parameters, body }) => {
    state.get('firewalls', parameters.id ?? '').rules = rules(body);
    return {
      body: {
        actions: [state.action('set_firewall_rules', [{ id: Number(parameters.id), type: 'firewall' }])],
      },
    };
  },
  'POST /firewalls/{id}/actions/apply_to_resources': (call) =>
    firewallServers(call, 'apply_to', (list, id) => [...list, { id }]),
  'POST /firewalls/{id}/actions/remove_from_resources': (call) =>
    firewallServers(call, 'remove_from', (list, id) => list.filter((entry) => entry.id !== id)),

  'GET /volumes': ({ state, query }) => state.page('volumes', state.list('volumes', query), query),
  'POST /volumes': ({ state, body }) => {
    state.unique('volumes', 'name', body.name);
    const volume = state.add('volumes', 'volume', {
      ...body,
      server: null,
      location: state.location(String(body.location)),
    });
    volume.linux_device = `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`;
    return {
      body: {
        volume,
        action: state.action('create_volume', [{ id: volume.id ?? 0, type: 'volume' }]),
        next_actions: [],
      },
    };
  },
  'GET /volumes/{id}': ({ state, parameters }) => ({
    body: { volume: state.get('volumes', parameters.id ?? '') },
  }),
  'DELETE /volumes/{id}': ({ state, parameters }) => {
    if (state.get('volumes', parameters.id ?? '').server !== null)
      throw new Refusal(409, 'conflict', 'volume is attached');
    state.delete('volumes', Number(parameters.id));
    return { status: 204 };
  },
  'POST /volumes/{id}/actions/attach': (call) =>
    volumeAction(call, 'attach_volume', { server: call.body.server }),
  'POST /volumes/{id}/actions/detach': (call) => volumeAction(call, 'detach_volume', { server: null }),
  'POST /volumes/{id}/actions/resize': (call) =>
    volumeAction(call, 'resize_volume', { size: call.body.size }),

  'GET /networks': ({ state, query }) => state.page('networks', state.list('networks', query), query),
  'POST /networks': ({ state, body }) => {
    state.unique('networks', 'name', body.name);
    const subnets = ((body.subnets ?? []) as Item[]).map((subnet) => ({
      ...subnet,
      gateway: '10.0.0.1',
      vswitch_id: null,
    }));
    return { body: { network: state.add('networks', 'network', { ...body, subnets }) } };
  },
  'GET /networks/{id}': ({ state, parameters }) => ({
    body: { network: state.get('networks', parameters.id ?? '') },
  }),
  'DELETE /networks/{id}': ({ state, parameters }) => (
    state.delete('networks', Number(parameters.id)),
    { status: 204 }
  ),

  'GET /load_balancers': ({ state, query }) =>
    state.page('load_balancers', state.list('load_balancers', query), query),
  'POST /load_balancers': ({ state, body }) => {
    const { load_balancer_type: _type, location, ...rest } = body;
    const made = { ...rest, location: state.location(String(location)), services: [], targets: [] };
    const balancer = state.add('load_balancers', 'load_balancer', made);
    return { body: { load_balancer: balancer, action: state.action('create_load_balancer', []) } };
  },
  'GET /load_balancers/{id}': ({ state, parameters }) => ({
    body: { load_balancer: state.get('load_balancers', parameters.id ?? '') },
  }),
  'DELETE /load_balancers/{id}': ({ state, parameters }) => (
    state.delete('load_balancers', Number(parameters.id)),
    { status: 204 }
  ),
  'POST /load_balancers/{id}/actions/add_service': (call) =>
    balancerAction(call, 'services', (list) => [...list, call.body]),
  'POST /load_balancers/{id}/actions/add_target': (call) =>
    balancerAction(call, 'targets', (list) => [
      ...list,
      { ...call.body, health_status: [{ listen_port: 80, status: 'healthy' }] },
    ]),
  'POST /load_balancers/{id}/actions/remove_target': (call) =>
    balancerAction(call, 'targets', (list) =>
      list.filter((entry) => (entry.server as Attached).id !== (call.body.server as Attached).id),
    ),

  'GET /zones/{id_or_name}/rrsets': ({ state, query }) =>
    state.page('rrsets', state.list('rrsets', query), query),
  'POST /zones/{id_or_name}/rrsets': ({ state, body }) => {
    const rrset = state.add('rrsets', 'resource_record_set', body);
    rrset.id = `${String(body.name)}/${String(body.type)}` as unknown as number;
    return { body: { rrset, action: state.action('create_rrset', []) } };
  },
  'GET /zones/{id_or_name}/rrsets/{rr_name}/{rr_type}': (call) => ({ body: { rrset: record(call) } }),
  'DELETE /zones/{id_or_name}/rrsets/{rr_name}/{rr_type}': (call) => {
    const key = record(call);
    Object.assign(key, { name: '', type: 'deleted' });
    return { body: { action: call.state.action('delete_rrset', []) } };
  },
  'POST /zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/set_records': (call) => {
    record(call).records = call.body.records;
    return { body: { action: call.state.action('set_rrset_records', []) } };
  },
  'POST /zones/{id_or_name}/rrsets/{rr_name}/{rr_type}/actions/change_ttl': (call) => {
    record(call).ttl = call.body.ttl;
    return { body: { action: call.state.action('change_rrset_ttl', []) } };
  },
};

function rules(body: Item): Item[] {
  return ((body.rules ?? []) as Item[]).map((rule) => ({
    port: null,
    source_ips: [],
    destination_ips: [],
    ...rule,
  }));
}

function volumeAction({ state, parameters }: Call, command: string, values: Item) {
  const volume = state.get('volumes', parameters.id ?? '');
  Object.assign(volume, values);
  return { body: { action: state.action(command, [{ id: volume.id ?? 0, type: 'volume' }]) } };
}

function balancerAction({ state, parameters }: Call, key: string, change: (list: Item[]) => Item[]) {
  const balancer = state.get('load_balancers', parameters.id ?? '');
  balancer[key] = change((balancer[key] ?? []) as Item[]);
  return { body: { action: state.action(key, [{ id: balancer.id ?? 0, type: 'load_balancer' }]) } };
}

function record({ state, parameters }: Call): Item {
  const { rr_name: name, rr_type: type } = parameters;
  const found = state.everything('rrsets').find((entry) => entry.name === name && entry.type === type);
  if (found === undefined) throw new Refusal(404, 'not_found', 'rrset not found');
  return found;
}
