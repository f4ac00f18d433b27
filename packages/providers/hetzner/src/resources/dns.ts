import { type ProviderInstance, ProviderError } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../api.ts';
import type { ApiRecordSet } from '../api-types.ts';
import type { Session } from '../session.ts';

/** Records in a zone of the project; `@` and the empty name are the zone itself. */
export function dns(session: Session): NonNullable<ProviderInstance['dns']> {
  const { api } = session;
  const call = (operation: string): CallOptions => ({ operation });
  const sets = (zone: string) => `/zones/${encodeURIComponent(zone)}/rrsets`;
  const path = (record: { zone: string; name: string; type: string }) =>
    `${sets(record.zone)}/${encodeURIComponent(relativeName(record.name, record.zone))}/${record.type}`;
  return {
    async ensure(record) {
      const operation = call('dns.ensure');
      const known = await api
        .get<{ rrset: ApiRecordSet }>(path(record), operation)
        .catch((error: unknown) => {
          if (error instanceof ProviderError && error.providerCode === 'not_found') return undefined;
          throw error;
        });
      const records = [{ value: record.value }];
      if (known === undefined) {
        const name = relativeName(record.name, record.zone);
        await api.act(sets(record.zone), { name, type: record.type, ttl: record.ttl, records }, operation);
        return;
      }
      const { ttl, records: current } = known.rrset;
      if (current.length !== 1 || current[0]?.value !== record.value) {
        await api.act(`${path(record)}/actions/set_records`, { records }, { ...operation, repeatable: true });
      }
      if (ttl !== record.ttl) {
        await api.act(
          `${path(record)}/actions/change_ttl`,
          { ttl: record.ttl },
          { ...operation, repeatable: true },
        );
      }
    },
    async list(zone) {
      const found = await api.list<ApiRecordSet>(sets(zone), 'rrsets', call('dns.list'));
      return found.flatMap(({ name, type, ttl, records }) =>
        records.map(({ value }) => ({ name, type, value, ttl: ttl ?? 3600 })),
      );
    },
    async delete(record) {
      await api.delete(path(record), call('dns.delete'));
    },
  };
}

/** `web.example.com` in `example.com` is `web`. */
function relativeName(name: string, zone: string): string {
  if (name === '' || name === zone) return '@';
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name;
}
