import type { LoadBalancerService } from '@provisioning/extensions-sdk';
import { namedTags, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name } from '../api.ts';
import type { ApiLoadBalancer } from '../api-types.ts';
import { infraSelector, labelledOurs, labels } from '../labels.ts';
import type { Session } from '../session.ts';
import { ensureResource } from './ensure.ts';

export function loadBalancers(session: Session): LoadBalancerService {
  const { api, context, config } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const own = async (id: string, operation: string): Promise<ApiLoadBalancer> => {
    const path = `/load_balancers/${encodeURIComponent(id)}`;
    const { load_balancer: found } = await api.get<{ load_balancer: ApiLoadBalancer }>(path, call(operation));
    if (!labelledOurs(found.labels, context)) throw notOurs(name, operation, `load balancer ${id}`);
    return found;
  };
  return {
    async ensure(wish) {
      const { resource } = await ensureResource<ApiLoadBalancer>(session, call('loadBalancer.ensure'), {
        path: '/load_balancers',
        list: 'load_balancers',
        item: 'load_balancer',
        selector: infraSelector(context),
        body: {
          name: resourceName([context.infra, wish.name]),
          load_balancer_type: config.load_balancer_type ?? 'lb11',
          location: wish.zone ?? config.default_zone ?? 'fsn1',
          algorithm: { type: 'round_robin' },
          labels: labels(namedTags(context, wish.name)),
        },
      });
      const id = String(resource.id);
      const current = await own(id, 'loadBalancer.ensure');
      for (const { port, target_port: target, protocol = 'tcp' } of wish.listeners) {
        if (current.services.some(({ listen_port: known }) => known === port)) continue;
        const web = protocol === 'http';
        const path = `/load_balancers/${id}/actions/add_service`;
        const {
          path: asked = '/health',
          interval = 30,
          timeout = 5,
          unhealthy = 3,
        } = wish.health_check ?? {};
        const check = { protocol: web ? 'http' : 'tcp', port: target, interval, timeout, retries: unhealthy };
        await api.act(
          path,
          {
            protocol: web ? 'http' : 'tcp',
            listen_port: port,
            destination_port: target,
            proxyprotocol: false,
            health_check: web
              ? { ...check, http: { domain: '', path: asked, status_codes: ['2??', '3??'] } }
              : check,
            ...(web ? { http: { sticky_sessions: false } } : {}),
          },
          call('loadBalancer.ensure'),
        );
      }
      return { id, address: current.public_net.ipv4.ip ?? null };
    },
    async list() {
      const found = await api.list<ApiLoadBalancer>(
        '/load_balancers',
        'load_balancers',
        call('loadBalancer.list'),
        { label_selector: infraSelector(context) },
      );
      return found.map(({ id, name: title, labels: tags, public_net: net, services, targets }) => ({
        id: String(id),
        name: tags?.[tagNames.name] ?? title,
        address: net.ipv4.ip ?? null,
        ports: services.map(({ listen_port: port }) => port),
        targets: targets.flatMap(({ server }) =>
          server === undefined ? [] : [{ id: String(server.id), weight: 100 }],
        ),
      }));
    },
    async setTargets(id, targets) {
      const current = await own(id, 'loadBalancer.setTargets');
      const wished = new Set<number>();
      for (const { ref, weight } of targets) {
        if (weight > 0) wished.add((await session.get(ref, call('loadBalancer.setTargets'))).id);
      }
      const known = new Set(
        current.targets.flatMap(({ server }) => (server === undefined ? [] : [server.id])),
      );
      const change = (action: string, server: number) =>
        api.act(
          `/load_balancers/${id}/actions/${action}`,
          { type: 'server', server: { id: server } },
          call('loadBalancer.setTargets'),
        );
      // The service has no weights: zero takes a server out. New ones first: there is never a moment without any.
      for (const server of wished) if (!known.has(server)) await change('add_target', server);
      for (const server of known) if (!wished.has(server)) await change('remove_target', server);
    },
    async health(id) {
      const { targets } = await own(id, 'loadBalancer.health');
      const healthy = targets.filter(({ health_status: checks = [] }) =>
        checks.every(({ status }) => status === 'healthy'),
      );
      return { healthy: healthy.length, total: targets.length };
    },
    async delete(id) {
      await own(id, 'loadBalancer.delete');
      await api.delete(`/load_balancers/${encodeURIComponent(id)}`, call('loadBalancer.delete'));
    },
  };
}
