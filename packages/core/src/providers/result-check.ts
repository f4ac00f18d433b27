import { ProviderError, serverStates } from '@provisioning/extensions-sdk';

const states: ReadonlySet<string> = new Set(serverStates);

/** Finding about a server a provider reports, or nothing. */
function serverFinding(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `${typeof value} is no server`;
  const server = value as Record<string, unknown>;
  for (const key of ['id', 'hostname', 'status', 'zone', 'plan', 'os']) {
    if (typeof server[key] !== 'string')
      return `${key} of a server is ${typeof server[key]}, expected a string`;
  }
  if (!states.has(String(server.status)))
    return `status '${String(server.status)}' is none of ${[...states].join(', ')}`;
  if (typeof server.ip_addresses !== 'object' || server.ip_addresses === null)
    return 'ip_addresses of a server is no record';
  if (typeof server.tags !== 'object' || server.tags === null) return 'tags of a server is no record';
  return undefined;
}

const list = (value: unknown): string | undefined =>
  Array.isArray(value) ? undefined : `${typeof value} is no list`;
const named = (value: unknown): string | undefined => {
  const wrong = list(value);
  if (wrong !== undefined) return wrong;
  const bad = (value as unknown[]).find(
    (entry) => typeof (entry as { name?: unknown } | null)?.name !== 'string',
  );
  return bad === undefined ? undefined : 'an entry of the list has no name';
};

const checks: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  listServers: (value) =>
    list(value) ?? (value as unknown[]).map(serverFinding).find((finding) => finding !== undefined),
  getServer: (value) => (value === null ? undefined : serverFinding(value)),
  createServer: serverFinding,
  setServerState: serverFinding,
  resizeServer: serverFinding,
  updateServer: serverFinding,
  serverExists: (value) => (typeof value === 'boolean' ? undefined : `${typeof value} is no boolean`),
  listPlans: named,
  listZones: named,
  listImages: named,
  getPricing: list,
  deleteServer: (value) =>
    typeof (value as { deleted?: unknown } | undefined)?.deleted === 'boolean'
      ? undefined
      : 'deleted is no boolean',
  getAccess: (value) =>
    ['ssh', 'local'].includes(String((value as { kind?: unknown } | undefined)?.kind))
      ? undefined
      : 'no access',
};

/** Refuses answers of another shape before they get anywhere. @throws ProviderError `unknown`. */
export function checkResult(provider: string, operation: string, value: unknown): void {
  const finding = checks[operation]?.(value);
  if (finding === undefined) return;
  throw new ProviderError({
    provider,
    operation,
    code: 'unknown',
    message: `Provider '${provider}' gave a wrong answer to ${operation}: ${finding}`,
    help: 'This is an error of the provider; run its conformance tests and report it to its author.',
  });
}
