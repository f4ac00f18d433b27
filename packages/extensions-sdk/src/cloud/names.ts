import { createHash } from 'node:crypto';
import type { ProviderContext } from '../provider.ts';

/** The tags under which everything of an infrastructure is found again (06 §6); only these are ever changed or deleted. */
export const tagNames = {
  managedBy: 'managed-by',
  workspace: 'provisioning.workspace',
  infra: 'provisioning.infra',
  hostname: 'provisioning.hostname',
  /** What a thing that is no server is called in the definition. */
  name: 'provisioning.name',
  /** Who made it: the idempotency key, shortened. Copies made by a repeated call carry the same one. */
  request: 'provisioning.request',
  user: 'provisioning.user',
  port: 'provisioning.ssh-port',
  os: 'provisioning.os',
} as const;

export const managedBy = 'provisioning';

type Scope = Pick<ProviderContext, 'workspace' | 'infra'>;

/** Tags of everything of one infrastructure. */
export function infraTags({ workspace, infra }: Scope): Record<string, string> {
  return {
    [tagNames.managedBy]: managedBy,
    [tagNames.workspace]: workspace.name,
    [tagNames.infra]: infra,
  };
}

export function serverTags(scope: Scope, hostname: string): Record<string, string> {
  return { ...infraTags(scope), [tagNames.hostname]: hostname };
}

/** Tags of a thing of an infrastructure that is no server. */
export function namedTags(scope: Scope, name: string): Record<string, string> {
  return { ...infraTags(scope), [tagNames.name]: name };
}

/** Whether the tags say that a resource is this infrastructure's. */
export function isOurs(tags: Readonly<Record<string, string>>, scope: Scope): boolean {
  return Object.entries(infraTags(scope)).every(([name, value]) => tags[name] === value);
}

/** A short form of an idempotency key that every service takes as a tag. */
export function requestTag(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 20);
}

/** `<infra>-<hostname>` where a service wants unique names; long ones are cut and made unique by a hash. */
export function resourceName(parts: readonly string[], longest = 63): string {
  const name = parts.join('-');
  if (name.length <= longest) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - 9).replace(/-+$/, '')}-${hash}`;
}
