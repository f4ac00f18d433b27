import type { Listener, LoadBalancer, TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type {
  LoadBalancerListener,
  LoadBalancerService,
  LoadBalancerWish,
  ProviderError,
} from '@provisioning/extensions-sdk';
import { isOurs, namedTags, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../failure.ts';
import { apiTags, tagsOf } from '../observe.ts';
import type { Session } from '../session.ts';
import { subnetsOf, vpcIn } from './network.ts';

/** The API describes tags of at most so many balancers at once. */
const describable = 20;

/**
 * Load balancers (ELBv2) with a target group for each target port. Where all listeners speak HTTP and the definition
 * doesn't ask for a network one, it is an application load balancer; else a network load balancer.
 */
export function loadBalancers(session: Session): LoadBalancerService {
  const { clients, context } = session;
  const elb = () => import('@aws-sdk/client-elastic-load-balancing-v2');

  const ours = async (operation: string): Promise<(LoadBalancer & { tags: Record<string, string> })[]> => {
    const { paginateDescribeLoadBalancers, DescribeTagsCommand } = await elb();
    const client = await clients.balancing();
    const all = await clients.call(operation, async () => {
      const found: LoadBalancer[] = [];
      for await (const page of paginateDescribeLoadBalancers({ client }, {})) {
        found.push(...(page.LoadBalancers ?? []));
      }
      return found;
    });
    const tags = new Map<string, Record<string, string>>();
    for (let start = 0; start < all.length; start += describable) {
      const ResourceArns = all
        .slice(start, start + describable)
        .map(({ LoadBalancerArn }) => LoadBalancerArn ?? '');
      const { TagDescriptions: list = [] } = await clients.call(operation, () =>
        client.send(new DescribeTagsCommand({ ResourceArns })),
      );
      for (const { ResourceArn = '', Tags } of list) tags.set(ResourceArn, tagsOf(Tags));
    }
    return all
      .map((balancer) => ({ ...balancer, tags: tags.get(balancer.LoadBalancerArn ?? '') ?? {} }))
      .filter((balancer) => isOurs(balancer.tags, context));
  };

  const own = async (id: string, operation: string): Promise<void> => {
    if ((await ours(operation)).some(({ LoadBalancerArn }) => LoadBalancerArn === id)) return;
    throw notOurs(provider, operation, `load balancer ${id}`);
  };

  const groups = async (arn: string, operation: string): Promise<TargetGroup[]> => {
    const { DescribeTargetGroupsCommand } = await elb();
    const client = await clients.balancing();
    const answer = await clients.call(operation, () =>
      client.send(new DescribeTargetGroupsCommand({ LoadBalancerArn: arn })),
    );
    return answer.TargetGroups ?? [];
  };

  const listenersOf = async (arn: string, operation: string): Promise<Listener[]> => {
    const { DescribeListenersCommand } = await elb();
    const client = await clients.balancing();
    const answer = await clients.call(operation, () =>
      client.send(new DescribeListenersCommand({ LoadBalancerArn: arn })),
    );
    return answer.Listeners ?? [];
  };

  /** Instances of a target group that get requests: those on their way out are none of them. */
  const instancesOf = async (arn: string | undefined, operation: string): Promise<string[]> => {
    const { DescribeTargetHealthCommand } = await elb();
    const client = await clients.balancing();
    const { TargetHealthDescriptions: found = [] } = await clients.call(operation, () =>
      client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
    );
    return found
      .filter(({ TargetHealth }) => TargetHealth?.State !== 'draining')
      .map(({ Target }) => Target?.Id ?? '');
  };

  /** Instances that are in every target group: one that lacks some is to be given again. */
  const targetsOf = async (arn: string, operation: string): Promise<string[]> => {
    const lists = await Promise.all(
      (await groups(arn, operation)).map(({ TargetGroupArn }) => instancesOf(TargetGroupArn, operation)),
    );
    const [first = [], ...others] = lists;
    return first.filter((id) => others.every((list) => list.includes(id)));
  };

  /** One that an interrupted run left is taken; else it is made. */
  const groupNamed = async (wish: LoadBalancerWish, port: number, vpc: string | undefined) => {
    const operation = 'loadBalancer.ensure';
    const { CreateTargetGroupCommand, DescribeTargetGroupsCommand } = await elb();
    const client = await clients.balancing();
    const Name = resourceName([context.infra, wish.name, String(port)], 32);
    const known = await clients
      .call(operation, () => client.send(new DescribeTargetGroupsCommand({ Names: [Name] })))
      .then(({ TargetGroups: [group] = [] }) => group?.TargetGroupArn)
      .catch((error: ProviderError) => {
        if (error.providerCode === 'not_found') return undefined;
        throw error;
      });
    if (known !== undefined) return known;
    const web = forWeb(wish);
    const create = new CreateTargetGroupCommand({
      Name,
      Protocol: web ? 'HTTP' : 'TCP',
      Port: port,
      VpcId: vpc,
      TargetType: 'instance',
      ...healthCheck(wish, web),
    });
    const { TargetGroups: [made] = [] } = await clients.call(operation, () => client.send(create));
    return made?.TargetGroupArn;
  };

  /** A balancer takes one subnet of each zone. */
  const onePerZone = async (vpc: string | undefined, wished: readonly string[], operation: string) => {
    const found = await subnetsOf(session, vpc, wished, { operation });
    return [
      ...new Map(found.map(({ AvailabilityZone, SubnetId = '' }) => [AvailabilityZone, SubnetId])).values(),
    ];
  };

  return {
    async ensure(wish) {
      const operation = 'loadBalancer.ensure';
      const sdk = await elb();
      const client = await clients.balancing();
      const vpc = await vpcIn(session, clients.region, { operation });
      const web = forWeb(wish);
      const Name = resourceName([context.infra, wish.name], 32);
      let balancer = (await ours(operation)).find((one) => one.LoadBalancerName === Name);
      if (balancer === undefined) {
        const create = new sdk.CreateLoadBalancerCommand({
          Name,
          Type: web ? 'application' : 'network',
          Scheme: wish.scheme ?? 'internet-facing',
          Subnets: await onePerZone(vpc, wish.subnets ?? [], operation),
          Tags: apiTags(namedTags(context, wish.name)).map(({ Key = '', Value }) => ({ Key, Value })),
        });
        await clients.call(operation, () => client.send(create));
        // ELBv2 answers with what is there under the name already, whosever it is.
        balancer = (await ours(operation)).find((one) => one.LoadBalancerName === Name);
        if (balancer === undefined) throw notOurs(provider, operation, `load balancer ${Name}`);
      }
      const id = balancer.LoadBalancerArn ?? '';
      const known = await listenersOf(id, operation);
      for (const listener of wish.listeners) {
        if (known.some(({ Port }) => Port === listener.port)) continue;
        const TargetGroupArn = await groupNamed(wish, listener.target_port, vpc);
        await clients.call(operation, () =>
          client.send(
            new sdk.CreateListenerCommand({
              LoadBalancerArn: id,
              Protocol: protocolOf(listener, web),
              Port: listener.port,
              ...(listener.cert === undefined ? {} : { Certificates: [{ CertificateArn: listener.cert }] }),
              DefaultActions: [{ Type: 'forward', TargetGroupArn }],
            }),
          ),
        );
      }
      return { id, address: balancer.DNSName ?? null };
    },

    async list() {
      const operation = 'loadBalancer.list';
      return Promise.all(
        (await ours(operation)).map(
          async ({ LoadBalancerArn: id = '', DNSName, LoadBalancerName, tags }) => ({
            id,
            name: tags[tagNames.name] ?? LoadBalancerName ?? id,
            address: DNSName ?? null,
            ports: (await listenersOf(id, operation)).flatMap(({ Port }) => Port ?? []),
            targets: (await targetsOf(id, operation)).map((instance) => ({ id: instance, weight: 100 })),
          }),
        ),
      );
    },

    async setTargets(id, targets) {
      const operation = 'loadBalancer.setTargets';
      await own(id, operation);
      const sdk = await elb();
      const client = await clients.balancing();
      const active = targets.filter(({ weight }) => weight > 0);
      const wished = await Promise.all(
        active.map(async ({ ref }) => (await session.get(ref, { operation })).id),
      );
      for (const { TargetGroupArn } of await groups(id, operation)) {
        const known = await instancesOf(TargetGroupArn, operation);
        const added = wished.filter((target) => !known.includes(target)).map((Id) => ({ Id }));
        const removed = known.filter((target) => !wished.includes(target)).map((Id) => ({ Id }));
        // New ones first: there is never a moment without any.
        if (added.length > 0) {
          await clients.call(operation, () =>
            client.send(new sdk.RegisterTargetsCommand({ TargetGroupArn, Targets: added })),
          );
        }
        if (removed.length > 0) {
          await clients.call(operation, () =>
            client.send(new sdk.DeregisterTargetsCommand({ TargetGroupArn, Targets: removed })),
          );
        }
      }
    },

    async health(id) {
      const { DescribeTargetHealthCommand } = await elb();
      const client = await clients.balancing();
      let healthy = 0;
      let total = 0;
      for (const { TargetGroupArn } of await groups(id, 'loadBalancer.health')) {
        const { TargetHealthDescriptions: list = [] } = await clients.call('loadBalancer.health', () =>
          client.send(new DescribeTargetHealthCommand({ TargetGroupArn })),
        );
        total += list.length;
        healthy += list.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy').length;
      }
      return { healthy, total };
    },

    async delete(id) {
      const operation = 'loadBalancer.delete';
      await own(id, operation);
      const sdk = await elb();
      const client = await clients.balancing();
      const itsGroups = await groups(id, operation);
      await clients.call(operation, () =>
        client.send(new sdk.DeleteLoadBalancerCommand({ LoadBalancerArn: id })),
      );
      for (const { TargetGroupArn } of itsGroups) {
        await clients.call(operation, () =>
          client.send(new sdk.DeleteTargetGroupCommand({ TargetGroupArn })),
        );
      }
    },
  };
}

function forWeb({ type = 'application', listeners }: LoadBalancerWish): boolean {
  return type === 'application' && listeners.every(({ protocol = 'tcp' }) => /^https?$/i.test(protocol));
}

function protocolOf(
  { protocol = 'tcp', cert }: LoadBalancerListener,
  web: boolean,
): 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' {
  if (web) return /^https$/i.test(protocol) ? 'HTTPS' : 'HTTP';
  return cert === undefined ? 'TCP' : 'TLS';
}

/** The thresholds as both kinds take them: a network load balancer asks by TCP alone. */
function healthCheck({ health_check: check = {} }: LoadBalancerWish, web: boolean) {
  const { path = '/health', interval = 30, timeout = 5, healthy = 2, unhealthy = 3 } = check;
  return {
    HealthCheckProtocol: web ? ('HTTP' as const) : ('TCP' as const),
    ...(web ? { HealthCheckPath: path } : {}),
    HealthCheckIntervalSeconds: interval,
    HealthCheckTimeoutSeconds: timeout,
    HealthyThresholdCount: healthy,
    UnhealthyThresholdCount: unhealthy,
  };
}
