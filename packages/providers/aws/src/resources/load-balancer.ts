import type { ServerRef } from '@provisioning/extensions-sdk';
import { infraTags, resourceName } from '@provisioning/extensions-sdk/cloud';
import { apiTags } from '../observe.ts';
import type { Session } from '../session.ts';
import { vpcIn } from './network.ts';

/** A load balancer as a definition has it (05 §4.5). */
export interface LoadBalancerWish {
  readonly name: string;
  readonly listeners: readonly {
    readonly port: number;
    readonly target_port: number;
    readonly protocol?: string;
  }[];
  readonly scheme?: 'internet-facing' | 'internal';
}

/** Network load balancers (ELBv2) with a target group for each target port. */
export function loadBalancers(session: Session) {
  const { clients, context } = session;
  const elb = () => import('@aws-sdk/client-elastic-load-balancing-v2');
  const groups = async (arn: string, operation: string) => {
    const { DescribeTargetGroupsCommand } = await elb();
    const client = await clients.balancing();
    const answer = await clients.call(operation, () =>
      client.send(new DescribeTargetGroupsCommand({ LoadBalancerArn: arn })),
    );
    return answer.TargetGroups ?? [];
  };
  return {
    /** Creating one of the same name and settings returns the one that is there (ELBv2 is idempotent by name). */
    async ensure(wish: LoadBalancerWish): Promise<{ id: string; address: string | null }> {
      const operation = 'loadBalancer.ensure';
      const sdk = await elb();
      const client = await clients.balancing();
      const vpc = await vpcIn(session, clients.region, { operation });
      const { DescribeSubnetsCommand } = await import('@aws-sdk/client-ec2');
      const ec2 = await clients.ec2();
      const { Subnets: subnets = [] } = await clients.call(operation, () =>
        ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc ?? ''] }] })),
      );
      const perZone = new Map(
        subnets.map(({ AvailabilityZone, SubnetId = '' }) => [AvailabilityZone, SubnetId]),
      );
      const { LoadBalancers: [made] = [] } = await clients.call(operation, () =>
        client.send(
          new sdk.CreateLoadBalancerCommand({
            Name: resourceName([context.infra, wish.name], 32),
            Type: 'network',
            Scheme: wish.scheme ?? 'internet-facing',
            Subnets: [...perZone.values()],
            Tags: apiTags(infraTags(context)).map(({ Key = '', Value }) => ({ Key, Value })),
          }),
        ),
      );
      const id = made?.LoadBalancerArn ?? '';
      const { Listeners: known = [] } = await clients.call(operation, () =>
        client.send(new sdk.DescribeListenersCommand({ LoadBalancerArn: id })),
      );
      for (const { port, target_port: target } of wish.listeners) {
        if (known.some(({ Port }) => Port === port)) continue;
        const { TargetGroups: [group] = [] } = await clients.call(operation, () =>
          client.send(
            new sdk.CreateTargetGroupCommand({
              Name: resourceName([context.infra, wish.name, String(target)], 32),
              Protocol: 'TCP',
              Port: target,
              VpcId: vpc,
              TargetType: 'instance',
            }),
          ),
        );
        await clients.call(operation, () =>
          client.send(
            new sdk.CreateListenerCommand({
              LoadBalancerArn: id,
              Protocol: 'TCP',
              Port: port,
              DefaultActions: [{ Type: 'forward', TargetGroupArn: group?.TargetGroupArn }],
            }),
          ),
        );
      }
      return { id, address: made?.DNSName ?? null };
    },
    async setTargets(id: string, targets: readonly { ref: ServerRef; weight: number }[]): Promise<void> {
      const operation = 'loadBalancer.setTargets';
      const sdk = await elb();
      const client = await clients.balancing();
      const active = targets.filter(({ weight }) => weight > 0);
      const wished = await Promise.all(
        active.map(async ({ ref }) => (await session.get(ref, { operation })).id),
      );
      for (const { TargetGroupArn } of await groups(id, operation)) {
        const { TargetHealthDescriptions: health = [] } = await clients.call(operation, () =>
          client.send(new sdk.DescribeTargetHealthCommand({ TargetGroupArn })),
        );
        const known = health.map(({ Target }) => Target?.Id ?? '');
        const added = wished.filter((target) => !known.includes(target)).map((Id) => ({ Id }));
        const removed = known.filter((target) => !wished.includes(target)).map((Id) => ({ Id }));
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
    async health(id: string): Promise<{ healthy: number; total: number }> {
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
    async delete(id: string): Promise<void> {
      const operation = 'loadBalancer.delete';
      const sdk = await elb();
      const client = await clients.balancing();
      const own = await groups(id, operation);
      await clients.call(operation, () =>
        client.send(new sdk.DeleteLoadBalancerCommand({ LoadBalancerArn: id })),
      );
      for (const { TargetGroupArn } of own) {
        await clients.call(operation, () =>
          client.send(new sdk.DeleteTargetGroupCommand({ TargetGroupArn })),
        );
      }
    },
  };
}
