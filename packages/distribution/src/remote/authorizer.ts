import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Credential, CredentialSource } from '../credentials/credential.ts';
import { readAll } from '../oci/content.ts';
import { parseUntrustedJson } from '../oci/manifest.ts';
import type { CallOptions } from '../oci/target.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Connections, RawRequest } from './connections.ts';
import { protocolError, statusError } from './errors.ts';

/** Actions of the token scope (distribution's "Token Scope Documentation"). */
export type Action = 'pull' | 'push' | 'delete' | '*';

/** `repository:<name>:pull,push`. */
export function scopeFor(repository: string, actions: readonly Action[]): string {
  return `repository:${repository}:${[...actions].sort().join(',')}`;
}

interface CachedToken {
  readonly value: string;
  readonly expires: number;
}

/** What a registry told how it wants to be asked. */
interface Scheme {
  readonly kind: 'basic' | 'bearer' | 'none';
  readonly realm?: string;
  readonly service?: string;
}

/** A token that is about to expire is not used for a request that may take a while. */
const expiryMargin = 10_000;
const defaultLifetime = 60_000;

/**
 * Answers the challenges of one registry: `Basic` with the credential, `Bearer` through the token service (distribution
 * "Token Authentication"). Tokens live in memory, by scope, until they expire.
 */
export class Authorizer {
  readonly #host: string;
  readonly #connections: Connections;
  readonly #credentials: CredentialSource;
  readonly #trusted: readonly string[];
  readonly #tokens = new Map<string, CachedToken>();
  readonly #pending = new Map<string, Promise<string>>();
  #scheme: Scheme = { kind: 'none' };
  #credential: Promise<Credential | undefined> | undefined;

  constructor(options: {
    readonly host: string;
    readonly connections: Connections;
    readonly credentials: CredentialSource;
    /** Hosts of token services outside the registry's own domain that may see the credential. */
    readonly trustedTokenHosts?: readonly string[];
  }) {
    this.#host = options.host;
    this.#connections = options.connections;
    this.#credentials = options.credentials;
    this.#trusted = options.trustedTokenHosts ?? [];
  }

  #lookUp(): Promise<Credential | undefined> {
    this.#credential ??= this.#credentials.get(this.#host);
    return this.#credential;
  }

  /** The header for a request of these scopes as far as known without asking; `undefined` before the first challenge. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#scheme.kind === 'none') return undefined;
    const credential = await this.#lookUp();
    if (this.#scheme.kind === 'basic') return credential === undefined ? undefined : basic(credential);
    const cached = this.#tokens.get(scopes.join(' '));
    return cached !== undefined && cached.expires - expiryMargin > Date.now()
      ? `Bearer ${cached.value}`
      : undefined;
  }

  /**
   * Takes up the challenges of a 401 answer.
   * @returns the header for another attempt, or `undefined` when there is nothing to offer.
   * @throws ProvisioningError `UNAUTHORIZED` when the token service refuses.
   */
  async answer(header: string, scopes: readonly string[], options: CallOptions): Promise<string | undefined> {
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#bearer(bearer, scopes, options);
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    this.#scheme = { kind: 'basic' };
    const credential = await this.#lookUp();
    return credential === undefined ? undefined : basic(credential);
  }

  async #bearer(
    challenge: Challenge,
    scopes: readonly string[],
    options: CallOptions,
  ): Promise<string | undefined> {
    const { realm, service, scope } = challenge.parameters;
    if (realm === undefined) throw protocolError(this.#host, 'its Bearer challenge has no realm');
    this.#scheme = { kind: 'bearer', realm, ...(service === undefined ? {} : { service }) };
    const credential = await this.#lookUp();
    if (credential?.registryToken !== undefined) return `Bearer ${credential.registryToken.reveal()}`;
    const wanted = [...new Set([...scopes, ...(scope ?? '').split(' ').filter((one) => one !== '')])];
    const key = scopes.join(' ');
    this.#tokens.delete(key);
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = this.#requestToken(
        new URL(this.#checkRealm(realm)),
        service,
        wanted,
        credential,
        options,
      ).then((token) => {
        this.#tokens.set(key, token);
        return token.value;
      });
      this.#pending.set(key, pending);
      pending.finally(() => this.#pending.delete(key)).catch(() => undefined);
    }
    return `Bearer ${await pending}`;
  }

  /**
   * The realm comes from the other side, so it decides nothing about where the credential may go: only the registry's
   * own host, a host of the same domain (as `auth.docker.io` of `registry-1.docker.io`), or one that was configured.
   */
  #checkRealm(realm: string): string {
    let url: URL;
    try {
      url = new URL(realm);
    } catch {
      throw protocolError(this.#host, `its token service ${JSON.stringify(realm.slice(0, 200))} is no URL`);
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw protocolError(this.#host, `its token service uses ${url.protocol}`);
    }
    return realm;
  }

  #mayReceive(url: URL): boolean {
    const own = hostName(this.#host);
    const other = hostName(url.host);
    return (
      own === other ||
      sameDomain(own, other) ||
      this.#trusted.includes(url.host) ||
      this.#trusted.includes(other)
    );
  }

  async #requestToken(
    realm: URL,
    service: string | undefined,
    scopes: readonly string[],
    credential: Credential | undefined,
    options: CallOptions,
  ): Promise<CachedToken> {
    if (credential !== undefined && !this.#mayReceive(realm)) {
      throw new ProvisioningError({
        code: 'FOREIGN_TOKEN_SERVICE',
        kind: 'permission',
        message: `Registry ${this.#host} asks to send its credentials to ${realm.host}; they were not sent`,
        hint: `if that host belongs to the registry, add it to oci.token_hosts`,
      });
    }
    if (credential !== undefined && realm.protocol === 'http:' && !this.#plainAllowed(realm)) {
      throw protocolError(
        this.#host,
        `its token service ${realm.host} would get the credentials in plain text`,
      );
    }
    const response = await this.#connections.request({
      ...tokenRequest(realm, service, scopes, credential),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const bytes = await readAll(response.body, 256 * 1024, 'The answer of the token service');
    if (response.status !== 200) {
      const status = response.status === 403 ? 401 : response.status;
      throw statusError({ status, host: this.#host, method: 'GET', body: bytes.toString('utf8') });
    }
    const answer = parseUntrustedJson(bytes);
    const value = answer['token'] ?? answer['access_token'];
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
      throw protocolError(this.#host, 'its token service gave no token');
    }
    const seconds = answer['expires_in'];
    const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : defaultLifetime;
    return { value, expires: Date.now() + lifetime };
  }

  /** Plain HTTP to a token service only where the registry itself is asked in plain text. */
  #plainAllowed(realm: URL): boolean {
    return this.#connections.insecure || hostName(realm.host) === hostName(this.#host);
  }
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credential: Credential | undefined,
): RawRequest {
  if (credential?.identityToken !== undefined) {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'provisioning' });
    if (service !== undefined) form.set('service', service);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    form.set('refresh_token', credential.identityToken.reveal());
    const body = Buffer.from(form.toString());
    return {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) },
      body,
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return {
    method: 'GET',
    url,
    headers: credential === undefined ? {} : { authorization: basic(credential) },
  };
}

/** The header of a name and a password. */
export function basic(credential: Credential): string {
  const plain = `${credential.username}:${credential.password?.reveal() ?? ''}`;
  return `Basic ${Buffer.from(plain, 'utf8').toString('base64')}`;
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/** Whether two names share a domain that one party owns; addresses never do. */
function sameDomain(a: string, b: string): boolean {
  if (/^[\d.]+$/.test(a) || /^[\d.]+$/.test(b) || a.startsWith('[') || b.startsWith('[')) return false;
  const domain = (name: string): string | undefined => {
    const labels = name.split('.');
    if (labels.length < 2) return undefined;
    // `co.uk`, `com.au`: a short second level below a country code is a public suffix, so one label more is needed.
    const country = labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3;
    return labels.length < (country ? 3 : 2) ? undefined : labels.slice(country ? -3 : -2).join('.');
  };
  const own = domain(a);
  return own !== undefined && own === domain(b);
}
