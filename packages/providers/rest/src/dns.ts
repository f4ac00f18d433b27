import type { ProviderInstance } from '@provisioning/extensions-sdk';
import { valueAt } from './path.ts';
import type { RestService } from './service.ts';

interface RecordRef {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
}

/**
 * Records by the operations `dns.zones` (optional, finds the id of a zone), `dns.list`, `dns.create`, `dns.update` and
 * `dns.delete`. Placeholders: `{{zone}}`, `{{record.name}}`, `{{record.type}}`, `{{record.value}}`, `{{record.ttl}}`, `{{id}}`.
 */
export function dns(service: RestService): NonNullable<ProviderInstance['dns']> {
  const { fields = {}, operations = {} } = service.declaration;
  const read = (raw: unknown, key: string, fallback: string) =>
    valueAt(raw, fields[`dns.${key}`] ?? fallback);
  const zoneId = async (zone: string, operation: string): Promise<string> => {
    if (operations['dns.zones'] === undefined) return zone;
    const zones = await service.list('dns.zones', { zone }, { operation });
    const found = zones.find((raw) => read(raw, 'zone_name', 'name') === zone);
    return String(read(found ?? zones[0], 'zone_id', 'id') ?? zone);
  };
  const records = async (zone: string, operation: string) =>
    (await service.list('dns.list', { zone: await zoneId(zone, operation) }, { operation })).map((raw) => ({
      id: String(read(raw, 'id', 'id') ?? ''),
      name: String(read(raw, 'name', 'name') ?? ''),
      type: String(read(raw, 'type', 'type') ?? ''),
      value: String(read(raw, 'value', 'content') ?? ''),
      ttl: Number(read(raw, 'ttl', 'ttl') ?? 300),
    }));
  const known = async (record: RecordRef, operation: string) =>
    (await records(record.zone, operation)).filter(
      ({ name, type }) =>
        type === record.type && absolute(name, record.zone) === absolute(record.name, record.zone),
    );
  return {
    async ensure(record) {
      const operation = 'dns.ensure';
      const zone = await zoneId(record.zone, operation);
      const wished = { ...record, name: absolute(record.name, record.zone) };
      const [first, ...others] = await known(record, operation);
      if (first === undefined) await service.call('dns.create', { zone, record: wished }, { operation });
      else if (first.value !== record.value || first.ttl !== record.ttl) {
        await service.call(
          'dns.update',
          { zone, record: wished, id: first.id },
          { operation, repeatable: true },
        );
      }
      for (const { id } of others) await service.call('dns.delete', { zone, id }, { operation });
    },
    async list(zone) {
      return (await records(zone, 'dns.list')).map(({ name, type, value, ttl }) => ({
        name,
        type,
        value,
        ttl,
      }));
    },
    async delete(record) {
      const zone = await zoneId(record.zone, 'dns.delete');
      for (const { id } of await known(record, 'dns.delete')) {
        await service.call('dns.delete', { zone, id, record }, { operation: 'dns.delete' });
      }
    },
  };
}

function absolute(name: string, zone: string): string {
  if (name === '' || name === '@') return zone;
  return name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
}
