import { ProvisioningError } from '@provisioning/extensions-sdk';
import { anonymousReader, type ApiRequest, type Identity, localAdministrator } from './request.ts';
import type { RateLimiter, RateState } from './rate-limit.ts';
import type { RouteSpec } from './route.ts';

/** Tells who a bearer token belongs to. @throws ProvisioningError `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` */
export type Authenticate = (token: string) => Promise<Identity>;

export interface SecurityOptions {
  /** Absent in solo mode: everybody who reaches the socket is the local administrator. */
  readonly authenticate?: Authenticate;
  /** Absent: no limits (solo mode). */
  readonly limiter?: RateLimiter;
  readonly onLimited?: (name: string) => void;
  /** Routes that are readable may be read without a token. */
  readonly anonymousRead?: boolean;
  /** Addresses from which routes for machines (`/metrics`) are open without a token (13 §3). */
  readonly allowedAddresses?: readonly string[];
  /** Called for every token that was refused. */
  readonly onRejected?: (error: unknown) => void;
}

/**
 * The order of 13 §2: rate limit by address, token, rate limit by user, MFA. Policies and audit come behind the identity
 * that this leaves in the request.
 */
export class SecurityChain {
  readonly #options: SecurityOptions;

  constructor(options: SecurityOptions) {
    this.#options = options;
  }

  async admit(
    request: ApiRequest,
    route: Pick<RouteSpec, 'public' | 'readable' | 'machine' | 'mfa' | 'rateLimit'>,
    setHeader: (name: string, value: string) => void,
  ): Promise<void> {
    const { authenticate, limiter, onLimited } = this.#options;
    const limit = route.rateLimit ?? 'general';
    const take = (caller: string) => {
      if (!limiter || limit === 'none') return;
      try {
        describe(limiter.take(limit, caller), setHeader);
      } catch (error) {
        onLimited?.(limit);
        describe((error as ProvisioningError).details as RateState, setHeader);
        throw error;
      }
    };
    if (!authenticate || route.public) {
      take(request.ip);
      request.identity = localAdministrator;
      return;
    }
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      take(request.ip);
      const isOpen =
        (route.readable === true && this.#options.anonymousRead === true) ||
        (route.machine === true && this.#options.allowedAddresses?.includes(request.ip) === true);
      if (isOpen) {
        request.identity = anonymousReader;
        return;
      }
      throw new ProvisioningError({
        code: 'UNAUTHORIZED',
        kind: 'permission',
        message: 'A bearer token is required',
        hint: 'provisioning auth login',
      });
    }
    const identity = await authenticate(token).catch((error: unknown) => {
      this.#options.onRejected?.(error);
      take(request.ip);
      throw error;
    });
    take(identity.user);
    // The fact comes from the token; a header of the client never counts (rulings §7).
    const sensitive = route.mfa === 'always' || (route.mfa === 'production' && isProduction(request));
    if (sensitive && !identity.mfaVerified) {
      throw new ProvisioningError({
        code: 'MFA_REQUIRED',
        kind: 'permission',
        message: 'MFA verification required',
        hint: 'provisioning auth mfa verify',
      });
    }
    request.identity = identity;
  }
}

function isProduction({ environment, body }: ApiRequest): boolean {
  return (
    (environment ?? (body as { environment?: unknown } | null | undefined)?.environment) === 'production'
  );
}

function describe(
  { limit, remaining, reset }: RateState,
  setHeader: (name: string, value: string) => void,
): void {
  setHeader('x-ratelimit-limit', String(limit));
  setHeader('x-ratelimit-remaining', String(remaining));
  setHeader('x-ratelimit-reset', String(reset));
}
