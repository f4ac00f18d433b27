import type { LoadBalancerService, LoadBalancerWish, ObservedServer } from '@provisioning/extensions-sdk';
import { namedTags, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiLoadBalancer } from '../api-types.ts';
import { labelledOurs, labels, tagsOf } from '../labels.ts';
import type { Session } from '../session.ts';
import { observe } from '../server/observe.ts';

const uuidLength = 36;

export function loadBalancers(session: Session): LoadBalancerService {
  const { api, context, config } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const all = (operation: string) => api.get<readonly ApiLoadBalancer[]>('/load-balancer', call(operation));
  const own = async (id: string, operation: string): Promise<ApiLoadBalancer> => {
    const found = await api.get<ApiLoadBalancer>(`/load-balancer/${encodeURIComponent(id)}`, call(operation));
    if (!labelledOurs(found.labels, context)) throw notOurs(name, operation, `load balancer ${id}`);
    return found;
  };
  return {
    async ensure(wish) {
      const title = resourceName([context.infra, wish.name]);
      const find = async () =>
        (await all('loadBalancer.ensure'))
          .filter((entry) => entry.name === title && labelledOurs(entry.labels, context))
          .map(identified);
      const [known] = await find();
      const made =
        known ??
        (await createOnce({
          find,
          create: async () =>
            identified(
              await api.post<ApiLoadBalancer>(
                '/load-balancer',
                body(wish, title),
                call('loadBalancer.ensure'),
              ),
            ),
          remove: async (copy) =>
            void (await api.delete(`/load-balancer/${copy.id}`, call('loadBalancer.ensure'))),
          attempts: 3,
          clock: api.http.clock,
        }));
      return { id: made.id, address: made.balancer.dns_name ?? null };
    },
    async list() {
      return (await all('loadBalancer.list'))
        .filter((entry) => labelledOurs(entry.labels, context))
        .map(({ uuid, name: title, labels: tags, dns_name: address, frontends = [], backends = [] }) => ({
          id: uuid,
          name: tagsOf(tags)[tagNames.name] ?? title,
          address: address ?? null,
          ports: frontends.map(({ port }) => port),
          targets: targetsOf(backends),
        }));
    },
    async setTargets(id, targets) {
      const balancer = await own(id, 'loadBalancer.setTargets');
      const operation = call('loadBalancer.setTargets');
      const servers = await Promise.all(
        targets.map(async ({ ref, weight }) => ({
          weight,
          server: observe(await session.get(ref, operation)),
        })),
      );
      for (const { name: backend, members } of balancer.backends ?? []) {
        const path = `/load-balancer/${id}/backends/${encodeURIComponent(backend)}/members`;
        const port = Number(/-(\d+)$/.exec(backend)?.[1] ?? 80);
        for (const { server, weight } of servers) {
          const { utility, private: inside, public: outside } = server.ip_addresses;
          const member = {
            name: memberName(server),
            type: 'static',
            ip: inside ?? utility ?? outside,
            port,
            weight,
            max_sessions: 1000,
            enabled: weight > 0,
          };
          const there = members.some((entry) => entry.name === member.name);
          if (there)
            await api.http.request({
              method: 'PATCH',
              path: `${path}/${member.name}`,
              body: member,
              ...operation,
              repeatable: true,
            });
          else await api.post(path, member, operation);
        }
        const wished = new Set(servers.map(({ server }) => memberName(server)));
        for (const member of members) {
          if (!wished.has(member.name)) await api.delete(`${path}/${member.name}`, operation);
        }
      }
    },
    async health(id) {
      const members = ((await own(id, 'loadBalancer.health')).backends ?? []).flatMap(
        (backend) => backend.members,
      );
      const healthy = members.filter(
        ({ operational_state: state }) => state === undefined || state === 'healthy',
      );
      return { healthy: healthy.length, total: members.length };
    },
    async delete(id) {
      await own(id, 'loadBalancer.delete');
      await api.delete(`/load-balancer/${id}`, call('loadBalancer.delete'));
    },
  };

  function body(wish: LoadBalancerWish, title: string): Record<string, unknown> {
    return {
      name: title,
      plan: config.load_balancer_plan ?? 'development',
      zone: wish.zone ?? config.default_zone ?? 'de-fra1',
      configured_status: 'started',
      labels: labels(namedTags(context, wish.name)),
      networks: [{ name: 'public', type: 'public', family: 'IPv4' }],
      frontends: wish.listeners.map(({ port, target_port: target, protocol = 'tcp' }) => ({
        name: `port-${port}`,
        mode: protocol === 'http' ? 'http' : 'tcp',
        port,
        default_backend: `to-${target}`,
        networks: [{ name: 'public' }],
      })),
      backends: [...new Set(wish.listeners.map((listener) => listener.target_port))].map((target) => ({
        name: `to-${target}`,
        members: [],
        properties: healthCheck(wish, target),
      })),
      resolvers: [],
    };
  }
}

/** The API knows members by name and address alone: the name tells which server one is. */
function memberName({ hostname, id }: ObservedServer): string {
  return `${hostname}-${id}`;
}

/** Servers that get requests from every backend: one that lacks some is to be given again. */
function targetsOf(backends: NonNullable<ApiLoadBalancer['backends']>): { id: string; weight: number }[] {
  const lists = backends.map(({ members }) =>
    members
      .filter(({ enabled, weight = 100 }) => enabled !== false && weight > 0)
      .map(({ name: title, weight = 100 }) => ({ id: title.slice(-uuidLength), weight })),
  );
  const [first = [], ...others] = lists;
  return first.filter(({ id, weight }) =>
    others.every((list) => list.some((one) => one.id === id && one.weight === weight)),
  );
}

/** Backends that serve HTTP are asked for the path, others by a connection. */
function healthCheck({ listeners, health_check: check = {} }: LoadBalancerWish, target: number) {
  const { path = '/health', interval = 30, healthy = 2, unhealthy = 3 } = check;
  const web = listeners.some((one) => one.target_port === target && one.protocol === 'http');
  return {
    health_check_type: web ? 'http' : 'tcp',
    ...(web ? { health_check_url: path } : {}),
    health_check_interval: interval,
    health_check_rise: healthy,
    health_check_fall: unhealthy,
  };
}

function identified(balancer: ApiLoadBalancer) {
  return { id: balancer.uuid, created_at: '', balancer };
}
