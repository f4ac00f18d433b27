import type {
  ListResourceRecordSetsRequest,
  ListResourceRecordSetsResponse,
  ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import { name as provider } from '../failure.ts';
import type { Session } from '../session.ts';

/** Records in hosted zones of Route 53. */
export function dns(session: Session): NonNullable<ProviderInstance['dns']> {
  const { clients } = session;
  const zoneId = async (zone: string, operation: string): Promise<string> => {
    const { ListHostedZonesByNameCommand } = await import('@aws-sdk/client-route-53');
    const client = await clients.route53();
    const { HostedZones: [found] = [] } = await clients.call(operation, () =>
      client.send(new ListHostedZonesByNameCommand({ DNSName: zone })),
    );
    if (found?.Name === `${zone}.`) return found.Id ?? '';
    throw new ProviderError({
      provider,
      operation,
      code: 'not_found',
      message: `DNS zone not found: ${zone}`,
      help: 'Create the hosted zone in Route 53 first.',
    });
  };
  const sets = async (zone: string, operation: string): Promise<ResourceRecordSet[]> => {
    const { ListResourceRecordSetsCommand } = await import('@aws-sdk/client-route-53');
    const client = await clients.route53();
    const HostedZoneId = await zoneId(zone, operation);
    const found: ResourceRecordSet[] = [];
    let start: Pick<ListResourceRecordSetsRequest, 'StartRecordName' | 'StartRecordType'> | undefined = {};
    while (start !== undefined) {
      const input: ListResourceRecordSetsRequest = { HostedZoneId, ...start };
      const page: ListResourceRecordSetsResponse = await clients.call(operation, () =>
        client.send(new ListResourceRecordSetsCommand(input)),
      );
      found.push(...(page.ResourceRecordSets ?? []));
      const { IsTruncated: more, NextRecordName: StartRecordName, NextRecordType: StartRecordType } = page;
      start = more === true ? { StartRecordName, StartRecordType } : undefined;
    }
    return found;
  };
  const change = async (
    zone: string,
    operation: string,
    Action: 'UPSERT' | 'DELETE',
    set: ResourceRecordSet,
  ) => {
    const { ChangeResourceRecordSetsCommand } = await import('@aws-sdk/client-route-53');
    const client = await clients.route53();
    const HostedZoneId = await zoneId(zone, operation);
    const ChangeBatch = { Changes: [{ Action, ResourceRecordSet: set }] };
    await clients.call(operation, () =>
      client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })),
    );
  };
  return {
    async ensure(record) {
      await change(record.zone, 'dns.ensure', 'UPSERT', {
        Name: absolute(record.name, record.zone),
        Type: record.type as 'A',
        TTL: record.ttl,
        ResourceRecords: [{ Value: record.value }],
      });
    },
    async list(zone) {
      return (await sets(zone, 'dns.list')).flatMap(
        ({ Name = '', Type = 'A', TTL = 300, ResourceRecords = [] }) =>
          ResourceRecords.map(({ Value: value = '' }) => ({
            name: Name.replace(/\.$/, ''),
            type: Type,
            value,
            ttl: TTL,
          })),
      );
    },
    async delete(record) {
      const wished = `${absolute(record.name, record.zone)}.`;
      const found = (await sets(record.zone, 'dns.delete')).find(
        (set) => set.Name === wished && set.Type === record.type,
      );
      if (found !== undefined) await change(record.zone, 'dns.delete', 'DELETE', found);
    },
  };
}

function absolute(name: string, zone: string): string {
  if (name === '' || name === '@' || name === zone) return zone;
  return name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
}
