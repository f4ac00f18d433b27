import { createHash } from 'node:crypto';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Static, Type } from 'typebox';

/** One receiver (13 §7). */
export const WebhookEndpoint = Type.Object({
  id: Type.Optional(Type.String()),
  url: Type.String({ pattern: '^https?://' }),
  events: Type.Array(Type.String(), { minItems: 1 }),
  secret: Type.Optional(Type.String()),
  secrets: Type.Optional(Type.Array(Type.String())),
  enabled: Type.Optional(Type.Boolean()),
  workspaces: Type.Optional(Type.Array(Type.String())),
  timeout_seconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 60 })),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  allow_private: Type.Optional(Type.Boolean()),
});

export const WebhookSettings = Type.Object({
  enabled: Type.Boolean({ default: true, description: 'False: nobody is told of anything' }),
  endpoints: Type.Array(WebhookEndpoint, {
    default: [],
    description: 'Addresses that are told of events (13 §7)',
  }),
});

const verbs = ['created', 'started', 'completed', 'failed', 'cancelled'];
const names = [
  ...['task', 'batch', 'workflow'].flatMap((subject) => verbs.map((verb) => `${subject}.${verb}`)),
  'rollback.completed',
  'rollback.failed',
  'checkpoint.created',
  'system.health_changed',
];

export interface Endpoint extends Omit<Static<typeof WebhookEndpoint>, 'id' | 'secret' | 'secrets'> {
  readonly id: string;
  readonly secrets: readonly string[];
}

/** Endpoints ready to use. @throws ProvisioningError kind `configuration` for an event name nobody sends */
export function endpointsOf(settings: Static<typeof WebhookSettings>, mode: string): Endpoint[] {
  if (!settings.enabled) return [];
  return settings.endpoints.map(({ id, secret, secrets = [], ...rest }) => {
    for (const pattern of rest.events) {
      if (names.some((name) => matches(pattern, name))) continue;
      throw invalid(
        `webhooks: unknown event '${pattern}' of ${rest.url}`,
        `Known events: ${names.join(', ')}`,
      );
    }
    const all = [...(secret === undefined ? [] : [secret]), ...secrets];
    if (mode === 'enterprise' && all.length === 0) throw invalid(`webhooks: ${rest.url} has no secret`);
    return {
      ...rest,
      secrets: all,
      id: id ?? createHash('sha256').update(rest.url).digest('hex').slice(0, 12),
    };
  });
}

/** `task.*` and `*` are globs. */
export function matches(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1));
}

function invalid(message: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIGURATION_ERROR',
    kind: 'configuration',
    message: `Configuration error: ${message}`,
    hint,
  });
}
