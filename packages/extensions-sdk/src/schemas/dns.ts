import { type Static, Type } from 'typebox';

/** A record beside the servers of a definition: an entry of `servers` with `kind = "dns"` (06 §3, S:28244-28249). */
export const DnsEntry = Type.Object(
  {
    hostname: Type.String({ minLength: 1, description: 'Name of the record, with or without its zone' }),
    provider: Type.String({ minLength: 1, description: 'Provider with the zone' }),
    type: Type.Enum(['A', 'AAAA', 'CNAME', 'TXT', 'MX', 'NS', 'SRV', 'CAA'], {
      default: 'A',
      description: 'Type of the record',
    }),
    value: Type.Optional(Type.String({ minLength: 1, description: 'Its value' })),
    target: Type.Optional(
      Type.String({ minLength: 1, description: 'Server whose address it gets, once that is known' }),
    ),
    ttl: Type.Integer({ minimum: 1, default: 300, description: 'Seconds for which it may be remembered' }),
    zone: Type.String({ minLength: 1, description: 'Zone of the record' }),
  },
  { title: 'DnsEntry' },
);
export type DnsEntry = Static<typeof DnsEntry>;
