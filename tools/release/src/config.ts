import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';

/** Somebody to tell about releases. The address comes from a variable when it is a secret. */
export interface ChannelConfig {
  readonly name: string;
  readonly type: 'slack' | 'discord' | 'webhook' | 'email';
  readonly url?: string;
  /** Variable that holds the address. */
  readonly url_env?: string;
  /** Addresses of `email`. */
  readonly to?: readonly string[];
}

/** `release.toml` at the root of the repository: where releases go and who hears of them (11 §6). */
export interface ReleaseConfig {
  readonly branch?: string;
  readonly releases?: {
    /** Folder that is served as `url`; default `distribution/releases`. */
    readonly folder?: string;
    /** Where installers look for releases unless `PROVISIONING_RELEASES_URL` says otherwise. */
    readonly url?: string;
  };
  /** What packages of package managers say about the product. */
  readonly product?: { readonly homepage?: string; readonly maintainer?: string };
  readonly forge?: { readonly api: string; readonly repository: string; readonly token_env?: string };
  readonly npm?: { readonly registry: string; readonly token_env?: string };
  readonly oci?: {
    readonly registry: string;
    readonly repositories: readonly string[];
    readonly plain_http?: boolean;
  };
  readonly channels?: readonly ChannelConfig[];
}

/** @throws Error when a file that was named is not there or does not parse. */
export function readConfig(root: string, file?: string): ReleaseConfig {
  const path = file ?? join(root, 'release.toml');
  if (file === undefined && !existsSync(path)) return {};
  return parse(readFileSync(path, 'utf8')) as ReleaseConfig;
}

/** A mistake on the command line: exit 2. */
export class UsageError extends Error {}

/** The release service wants other credentials: exit 4. */
export class AuthenticationError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
