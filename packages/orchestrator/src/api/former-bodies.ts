/**
 * Server workflows as older clients send them (13 §4): `{type: "server_create", infra, params{…}}` and
 * `{name, provider, config{plan, zone, …}}`. Anything else is left as it is.
 */
export function formerServerBody(body: unknown): unknown {
  if (!isRecord(body)) return body;
  const { type, params, name, provider, config, ...rest } = body;
  if (typeof type === 'string' && isRecord(params)) return { ...params, ...rest };
  if (typeof name === 'string' && isRecord(config) && rest['servers'] === undefined) {
    const server = { ...config, name, ...(provider === undefined ? {} : { provider }) };
    return { ...rest, servers: [server] };
  }
  return body;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
