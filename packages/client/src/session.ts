import {
  AuthenticationError,
  isMfaRequiredError,
  MfaRequiredError,
  type ProvisioningAPIError,
} from './errors.ts';
import type { Http } from './http.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly refreshToken?: string;
  /** Instead of the four above. */
  readonly tokenProvider?: () => Promise<string>;
  readonly mfaCode?: string | (() => Promise<string>);
}

export interface Authenticated {
  readonly user?: string;
  /** ISO 8601; absent for a token that does not say. */
  readonly expiresAt?: string;
}

export interface SessionOptions {
  readonly http: Http;
  readonly credentials: Credentials;
  /** Milliseconds for one request. */
  readonly timeout: number;
  readonly onAuthenticated: (authenticated: Authenticated) => void;
  readonly onError: (error: ProvisioningAPIError) => void;
}

interface LoginAnswer {
  readonly token?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly status?: string;
  readonly mfa_required?: boolean;
  readonly partial_token?: string;
  readonly user?: { readonly username?: string; readonly id?: string } | string;
}

interface Held {
  readonly token: string;
  readonly user?: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly expiresAt?: number;
}

/** A token with less time left is not used. */
const leastLeft = 30_000;

/** Tokens: where they come from, when they are renewed (14 §3). Nothing of it shows when it is inspected. */
export class Session {
  readonly #options: SessionOptions;
  #held: Held | undefined;
  #refreshToken: string | undefined;
  #pending: Promise<string> | undefined;
  /** Milliseconds that the server's clock is ahead of ours. */
  #offset = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { token, refreshToken } = options.credentials;
    if (token !== undefined) this.#held = heldOf(token);
    this.#refreshToken = refreshToken;
  }

  /** Whether there is anything to authenticate with. */
  get hasMeans(): boolean {
    const { tokenProvider, username, password } = this.#options.credentials;
    return (
      tokenProvider !== undefined ||
      this.#held !== undefined ||
      this.#refreshToken !== undefined ||
      (username !== undefined && password !== undefined)
    );
  }

  get expiresAt(): number | undefined {
    return this.#held?.expiresAt;
  }

  /** Milliseconds until the held token ends, by the server's clock. */
  get left(): number | undefined {
    return this.#held?.expiresAt === undefined ? undefined : this.#held.expiresAt - this.#now();
  }

  get user(): string | undefined {
    return this.#held?.user ?? this.#options.credentials.username;
  }

  /** The token of the next request; none where there are no means (solo mode). */
  async token(): Promise<string | undefined> {
    return this.hasMeans ? this.authenticate() : undefined;
  }

  /** Concurrent calls share one request. @throws AuthenticationError, MfaRequiredError */
  async authenticate({ force = false } = {}): Promise<string> {
    if (!force && this.#held !== undefined && this.#isValid(this.#held)) return this.#held.token;
    this.#pending ??= this.#renew(force).finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  /** A request with this token was refused. @returns whether another one can be had */
  async refused(token: string | undefined): Promise<boolean> {
    const { tokenProvider, username, password } = this.#options.credentials;
    if (this.#held !== undefined && this.#held.token === token) this.#held = undefined;
    const renewable =
      tokenProvider !== undefined ||
      this.#refreshToken !== undefined ||
      (username !== undefined && password !== undefined);
    if (this.#held === undefined && !renewable) return false;
    await this.authenticate();
    return true;
  }

  /** Ends the session at the server, and here in any case. */
  async logout(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    this.#refreshToken = undefined;
    if (held === undefined) return;
    await this.#options.http.call({
      method: 'POST',
      path: '/auth/logout',
      body: {},
      anonymous: true,
      retry: false,
      headers: { authorization: `Bearer ${held.token}` },
      timeout: this.#options.timeout,
    });
  }

  /** Learns the server's clock from a `Date` header. */
  observeClock(header: string | null): void {
    const time = header === null ? NaN : Date.parse(header);
    if (!Number.isNaN(time) && Math.abs(time - Date.now()) > 2000) this.#offset = time - Date.now();
  }

  /** Takes tokens and the password out of a text. */
  readonly clean = (text: string): string => {
    const { password } = this.#options.credentials;
    const secrets = [password, this.#held?.token, this.#refreshToken].filter(
      (secret) => secret !== undefined && secret.length > 3,
    );
    return secrets.reduce<string>((rest, secret) => rest.replaceAll(secret!, '***'), text);
  };

  #now(): number {
    return Date.now() + this.#offset;
  }

  #isValid({ expiresAt }: Held): boolean {
    return expiresAt === undefined || expiresAt - this.#now() >= leastLeft;
  }

  async #renew(force: boolean): Promise<string> {
    const { tokenProvider, username, password, token } = this.#options.credentials;
    try {
      if (tokenProvider) return this.#hold(heldOf(await tokenProvider()));
      if (this.#refreshToken !== undefined) {
        const renewed = await this.#refresh(this.#refreshToken);
        if (renewed) return this.#hold(renewed);
      }
      if (username !== undefined && password !== undefined) {
        return this.#hold(await this.#login(username, password));
      }
    } catch (error) {
      this.#options.onError(error as ProvisioningAPIError);
      throw error;
    }
    if (force && this.#held !== undefined) return this.#held.token;
    const error = new AuthenticationError({
      code: 'UNAUTHORIZED',
      message:
        token === undefined
          ? 'Username and password required for authentication'
          : 'The token is no longer valid, and there is nothing to get another one with',
    });
    this.#options.onError(error);
    throw error;
  }

  #hold(held: Held): string {
    this.#held = held;
    const { user, expiresAt } = held;
    this.#options.onAuthenticated({
      ...(user === undefined ? {} : { user }),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    });
    return held.token;
  }

  /** Nothing when the refresh token is no longer good: the password may still be. */
  async #refresh(refreshToken: string): Promise<Held | undefined> {
    try {
      return this.#read(await this.#post('/auth/refresh', { refresh_token: refreshToken }));
    } catch (error) {
      this.#refreshToken = undefined;
      if (error instanceof AuthenticationError) return undefined;
      throw error;
    }
  }

  async #login(username: string, password: string): Promise<Held> {
    let answer: LoginAnswer;
    try {
      answer = await this.#post('/auth/login', { username, password });
    } catch (error) {
      if (!isMfaRequiredError(error)) throw error;
      const details = error.details as { partial_token?: string } | undefined;
      answer = { mfa_required: true, ...details };
    }
    const second = answer.mfa_required || answer.status === 'mfa_required';
    return this.#read(second ? await this.#verify(answer.partial_token) : answer);
  }

  async #verify(partialToken: string | undefined): Promise<LoginAnswer> {
    const { mfaCode } = this.#options.credentials;
    if (mfaCode === undefined) {
      throw new MfaRequiredError({
        code: 'MFA_REQUIRED',
        message: 'A second factor is required',
        hint: 'Give mfaCode, or verify with the partial token',
        partialToken,
      });
    }
    const code = typeof mfaCode === 'string' ? mfaCode : await mfaCode();
    return this.#post('/mfa/verify', { code }, partialToken);
  }

  async #post(path: string, body: object, token?: string): Promise<LoginAnswer> {
    const { http, timeout } = this.#options;
    const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
    const request = { method: 'POST', path, body, anonymous: true, retry: false, timeout, headers } as const;
    return (await http.call<LoginAnswer>(request)).data;
  }

  #read(answer: LoginAnswer): Held {
    const token = answer.token ?? answer.access_token;
    if (token === undefined) {
      throw new AuthenticationError({
        code: 'UNAUTHORIZED',
        message: 'The identity service answered without a token',
      });
    }
    if (answer.refresh_token !== undefined) this.#refreshToken = answer.refresh_token;
    const held = heldOf(token);
    const user = typeof answer.user === 'string' ? answer.user : (answer.user?.username ?? answer.user?.id);
    const expiresAt =
      held.expiresAt ??
      (answer.expires_in === undefined ? undefined : this.#now() + answer.expires_in * 1000);
    return {
      ...held,
      ...(user === undefined ? {} : { user }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }
}

/** What a JWT says of itself; an opaque token says nothing and counts until it is refused. */
function heldOf(token: string): Held {
  try {
    const part = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const claims = JSON.parse(atob(part)) as { exp?: unknown; sub?: unknown };
    return {
      token,
      ...(typeof claims.exp === 'number' ? { expiresAt: claims.exp * 1000 } : {}),
      ...(typeof claims.sub === 'string' ? { user: claims.sub } : {}),
    };
  } catch {
    return { token };
  }
}
