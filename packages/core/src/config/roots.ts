import type { Surroundings } from './surroundings.ts';

export interface RootsInput {
  readonly surroundings: Surroundings;
  readonly workspace?: { readonly name: string; readonly path: string };
  readonly infra?: string;
  readonly environment: string;
  readonly git: Readonly<Record<string, string>>;
}

/** Names of `{{…}}` that are no keys (02 §7). `workspace` stays with the data where a file defines it. */
export function interpolationRoots(input: RootsInput): Record<string, unknown> {
  const now = input.surroundings.now().toISOString();
  return {
    env: input.surroundings.env,
    now: {
      date: now.slice(0, 10),
      time: now.slice(11, 19),
      timestamp: now.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_'),
      iso: now,
      iso8601: now,
    },
    git: input.git,
    sops: {},
    kms: {},
    ...(input.workspace === undefined ? { workspace: {} } : { workspace: input.workspace }),
    ...(input.infra === undefined ? { infra: {} } : { infra: { name: input.infra } }),
    environment: input.environment,
  };
}
