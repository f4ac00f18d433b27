import type { IpPermission } from '@aws-sdk/client-ec2';
import { type FirewallRule, ProviderError } from '@provisioning/extensions-sdk';
import { allowRulesOnly, resourceName, serverTags } from '@provisioning/extensions-sdk/cloud';
import { name } from '../failure.ts';
import { apiTags, tagFilters } from '../observe.ts';
import type { Call, Session } from '../session.ts';
import { vpcIn } from './network.ts';

interface Group {
  readonly id: string;
  readonly ingress: readonly IpPermission[];
  readonly egress: readonly IpPermission[];
}

async function groups(session: Session, hostname: string, region: string, call: Call): Promise<Group[]> {
  const { DescribeSecurityGroupsCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const input = { Filters: tagFilters(serverTags(session.context, hostname)) };
  const { SecurityGroups: found = [] } = await session.clients.call(call.operation, () =>
    client.send(new DescribeSecurityGroupsCommand(input)),
  );
  return found.map(({ GroupId: id = '', IpPermissions: ingress = [], IpPermissionsEgress: egress = [] }) => ({
    id,
    ingress,
    egress,
  }));
}

/** The server's own security group with exactly these rules; without rules only SSH comes in. @returns its id. */
export async function ensureGroup(
  session: Session,
  hostname: string,
  region: string,
  rules: readonly FirewallRule[],
  sshPort: number,
  call: Call,
): Promise<string> {
  const ssh: FirewallRule = {
    direction: 'ingress',
    protocol: 'tcp',
    port: sshPort,
    source: '0.0.0.0/0',
    action: 'allow',
  };
  const allowed = allowRulesOnly(name, rules.length === 0 ? [ssh] : rules);
  const sdk = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  const [known] = await groups(session, hostname, region, call);
  const id =
    known?.id ??
    (await create().catch(async (error: unknown) => {
      // Somebody was quicker: another run, or this one before its answer got lost.
      const [made] = isConflict(error) ? await groups(session, hostname, region, call) : [];
      if (made === undefined) throw error;
      return made.id;
    }));
  const ingress = allowed.filter(({ direction }) => direction === 'ingress').map(permission);
  const stale = (known?.ingress ?? []).filter((old) => !ingress.some((wish) => same(old, wish)));
  const missing = ingress.filter((wish) => !(known?.ingress ?? []).some((old) => same(old, wish)));
  if (missing.length > 0) {
    await session.clients
      .call(call.operation, () =>
        client.send(new sdk.AuthorizeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: missing })),
      )
      .catch(ignoreDuplicate);
  }
  if (stale.length > 0) {
    await session.clients.call(call.operation, () =>
      client.send(new sdk.RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: stale })),
    );
  }
  return id;

  async function create(): Promise<string> {
    const VpcId = await vpcIn(session, region, call);
    const { GroupId = '' } = await session.clients.call(call.operation, () =>
      client.send(
        new sdk.CreateSecurityGroupCommand({
          GroupName: resourceName([session.context.workspace.name, session.context.infra, hostname], 255),
          Description: `${session.context.infra} ${hostname}`,
          ...(VpcId === undefined ? {} : { VpcId }),
          TagSpecifications: [
            { ResourceType: 'security-group', Tags: apiTags(serverTags(session.context, hostname)) },
          ],
        }),
      ),
    );
    return GroupId;
  }
}

export async function getFirewall(
  session: Session,
  hostname: string,
  region: string,
): Promise<FirewallRule[]> {
  const found = await groups(session, hostname, region, { operation: 'getFirewall' });
  return found.flatMap(({ ingress }) => ingress.flatMap(ourRules));
}

/** The group stays for a moment after its instance has gone. */
export async function deleteGroup(
  session: Session,
  hostname: string,
  region: string,
  call: Call,
): Promise<void> {
  const { DeleteSecurityGroupCommand } = await import('@aws-sdk/client-ec2');
  const client = await session.clients.ec2(region);
  for (const { id } of await groups(session, hostname, region, call)) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await session.clients.call(call.operation, () =>
          client.send(new DeleteSecurityGroupCommand({ GroupId: id })),
        );
        break;
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        if (error.providerCode === 'not_found') break;
        if (error.providerCode !== 'conflict' || attempt >= 20) throw error;
        await session.clock.sleep(3000, call.signal);
      }
    }
  }
}

function permission(rule: FirewallRule): IpPermission {
  const [from, to = from] = rule.port === '*' ? [0, 65535] : String(rule.port).split('-').map(Number);
  const icmp = rule.protocol === 'icmp';
  const open = rule.source === '' || rule.source === '0.0.0.0/0';
  const source =
    rule.source.includes('/') || open
      ? rule.source
      : `${rule.source}/${rule.source.includes(':') ? 128 : 32}`;
  return {
    IpProtocol: rule.protocol,
    FromPort: icmp ? -1 : from,
    ToPort: icmp ? -1 : to,
    ...(open
      ? { IpRanges: [{ CidrIp: '0.0.0.0/0' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] }
      : source.includes(':')
        ? { Ipv6Ranges: [{ CidrIpv6: source }] }
        : { IpRanges: [{ CidrIp: source }] }),
  };
}

function key(value: IpPermission): string {
  const four = (value.IpRanges ?? []).map(({ CidrIp }) => CidrIp).sort();
  const six = (value.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6).sort();
  return JSON.stringify([value.IpProtocol, value.FromPort, value.ToPort, four, six]);
}

function same(a: IpPermission, b: IpPermission): boolean {
  return key(a) === key(b);
}

function ourRules(value: IpPermission): FirewallRule[] {
  const { IpProtocol: protocol, FromPort: from = 0, ToPort: to = 65535 } = value;
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp') return [];
  const sources = [
    ...(value.IpRanges ?? []).map(({ CidrIp }) => CidrIp ?? ''),
    ...(value.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6 ?? ''),
  ];
  const shown = sources.includes('0.0.0.0/0') ? sources.filter((source) => source !== '::/0') : sources;
  return shown.map((source) => ({
    direction: 'ingress',
    protocol,
    port: protocol === 'icmp' || (from === 0 && to === 65535) ? '*' : from === to ? from : `${from}-${to}`,
    source,
    action: 'allow',
  }));
}

function isConflict(error: unknown): boolean {
  return error instanceof ProviderError && error.providerCode === 'conflict';
}

function ignoreDuplicate(error: unknown): void {
  if (!isConflict(error)) throw error;
}
