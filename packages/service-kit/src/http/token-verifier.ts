import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Identity } from './request.ts';
import type { Authenticate } from './security.ts';

export interface TokenVerifierOptions {
  /** PEM file of the public key that the identity service signs with. */
  readonly publicKeyFile: string;
  readonly issuer: string;
  readonly audience: string;
  /** Ids (`jti`) of tokens that were taken back. */
  readonly revoked?: (id: string) => boolean | Promise<boolean>;
  /** Seconds by which clocks may differ. Default 30. */
  readonly tolerance?: number;
  readonly now?: () => number;
}

interface Claims {
  readonly iss?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly jti?: unknown;
  readonly sub?: unknown;
  readonly roles?: unknown;
  readonly mfa_verified?: unknown;
}

const maxTokenLength = 16 * 1024;

/**
 * Checks access tokens of the control center: RS256 or EdDSA as the key says, never what the token says (rulings §7).
 * @throws ProvisioningError `INVALID_KEY`, exit 3, when the key cannot be used; the function it answers throws
 * `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED`.
 */
export async function tokenVerifier(options: TokenVerifierOptions): Promise<Authenticate> {
  const key = await readKey(options.publicKeyFile);
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'RS256' : 'EdDSA';
  return async (token) => {
    const [head = '', body = '', signature = '', ...rest] = token.split('.');
    if (token.length > maxTokenLength || rest.length > 0 || signature === '') throw invalid('its form');
    const { alg } = decode(head) as { readonly alg?: unknown };
    if (alg !== algorithm) throw invalid('its algorithm');
    const signed = Buffer.from(`${head}.${body}`);
    const digest = algorithm === 'RS256' ? 'sha256' : null;
    if (!verify(digest, signed, key, Buffer.from(signature, 'base64url'))) throw invalid('its signature');
    return identityOf(decode(body) as Claims, options);
  };
}

async function identityOf(claims: Claims, options: TokenVerifierOptions): Promise<Identity> {
  const { issuer, audience, revoked, tolerance = 30 } = options;
  const seconds = (options.now ?? Date.now)() / 1000;
  if (claims.iss !== issuer) throw invalid('its issuer');
  const audiences = Array.isArray(claims.aud) ? (claims.aud as unknown[]) : [claims.aud];
  if (!audiences.includes(audience)) throw invalid('its audience');
  if (typeof claims.exp !== 'number' || typeof claims.sub !== 'string') throw invalid('a claim is missing');
  if (typeof claims.nbf === 'number' && claims.nbf > seconds + tolerance)
    throw invalid('it is not valid yet');
  if (claims.exp < seconds - tolerance) {
    throw new ProvisioningError({
      code: 'TOKEN_EXPIRED',
      kind: 'permission',
      message: 'The token has expired',
      hint: 'provisioning auth login',
    });
  }
  if (typeof claims.jti === 'string' && (await revoked?.(claims.jti)) === true) {
    throw new ProvisioningError({
      code: 'TOKEN_REVOKED',
      kind: 'permission',
      message: 'The token was revoked',
      hint: 'provisioning auth login',
    });
  }
  const roles = Array.isArray(claims.roles) ? claims.roles : [];
  return {
    user: claims.sub,
    roles: roles.filter((role): role is string => typeof role === 'string'),
    mfaVerified: claims.mfa_verified === true,
    expiresAt: claims.exp * 1000,
  };
}

function decode(part: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // What does not parse is as wrong as what is no object.
  }
  throw invalid('its form');
}

function invalid(what: string): ProvisioningError {
  return new ProvisioningError({
    code: 'TOKEN_INVALID',
    kind: 'permission',
    message: `The token is not valid: ${what}`,
    hint: 'provisioning auth login',
  });
}

async function readKey(file: string): Promise<KeyObject> {
  try {
    const key = createPublicKey(await readFile(file, 'utf8'));
    if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new ProvisioningError({
      code: 'INVALID_KEY',
      kind: 'configuration',
      message: `${file}: no public key in PEM form can be read from it`,
      cause,
    });
  }
  throw new ProvisioningError({
    code: 'INVALID_KEY',
    kind: 'configuration',
    message: `${file}: expected an RSA or Ed25519 key`,
  });
}
