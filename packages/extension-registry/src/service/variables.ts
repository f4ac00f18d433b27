import { type Data, invalid, table } from './values.ts';

type Form = 'text' | 'number' | 'flag';

/** Single values that a variable `REGISTRY_<SECTION>_<KEY>` can give, section by section (10 §5). */
const scalars: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  server: {
    host: 'text',
    port: 'number',
    workers: 'number',
    enable_cors: 'flag',
    enable_compression: 'flag',
  },
  'server.tls': { cert_path: 'text', key_path: 'text', client_ca_path: 'text' },
  cache: {
    capacity: 'number',
    ttl_seconds: 'number',
    enable_metadata_cache: 'flag',
    enable_list_cache: 'flag',
  },
  'cache.blobs': { enabled: 'flag', path: 'text', max_size: 'text' },
  auth: {
    enabled: 'flag',
    anonymous_read: 'flag',
    jwt_public_key_path: 'text',
    issuer: 'text',
    audience: 'text',
    revoked_path: 'text',
  },
  rate_limit: { enabled: 'flag', per_minute: 'number' },
  circuit_breaker: { failure_threshold: 'number', reset_seconds: 'number' },
  logging: { level: 'text', format: 'text' },
};

/** Older and shorter names of variables. */
const aliases: Readonly<Record<string, string>> = { REGISTRY_CACHE_TTL: 'REGISTRY_CACHE_TTL_SECONDS' };

/**
 * The configuration of a file with what variables say over it. An empty variable says nothing.
 * @throws ProvisioningError `CONFIGURATION_INVALID` naming the variable.
 */
export function withVariables(data: Data, environment: Readonly<Record<string, string | undefined>>): Data {
  const given = { ...environment };
  for (const [alias, name] of Object.entries(aliases)) given[name] ||= environment[alias];
  const result: Record<string, unknown> = { ...data };
  for (const [section, keys] of Object.entries(scalars)) {
    const found = Object.entries(keys).flatMap(([key, form]) => {
      const name = `REGISTRY_${section}_${key}`.replaceAll('.', '_').toUpperCase();
      const value = given[name];
      return value === undefined || value === '' ? [] : [[key, read(name, value, form)] as const];
    });
    if (found.length === 0) continue;
    const [outer = '', inner] = section.split('.');
    const before = table(result[outer], outer);
    const values = Object.fromEntries(found);
    result[outer] =
      inner === undefined
        ? { ...before, ...values }
        : { ...before, [inner]: { ...table(before[inner], section), ...values } };
  }
  return result;
}

function read(name: string, value: string, form: Form): unknown {
  if (form === 'text') return value;
  if (form === 'flag') {
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalid(name, 'expected true or false');
  }
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw invalid(name, 'expected a whole number');
}
