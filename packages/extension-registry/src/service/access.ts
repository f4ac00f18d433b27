import { readFile } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Authenticate, RateLimiter, SecurityChain, tokenVerifier } from '@provisioning/service-kit';
import type { Settings } from './settings.ts';

export interface Access {
  readonly chain: SecurityChain;
  /** Reads again which tokens were taken back. */
  reload(): Promise<void>;
}

/**
 * Who may use the service (10 §6).
 * @throws ProvisioningError `IDENTITY_REQUIRED`, exit 3, when tokens are to be checked and nothing says by which key.
 */
export async function createAccess(
  settings: Settings,
  onRejected: (error: unknown) => void,
): Promise<Access> {
  const { auth, rate_limit, metrics } = settings;
  let revoked = await readRevoked(auth.revoked_path);
  const authenticate = auth.enabled ? await verifier(settings, (id) => revoked.has(id)) : undefined;
  const limiter = rate_limit.enabled
    ? new RateLimiter({ general: { max: rate_limit.per_minute, window: 60 } })
    : undefined;
  const chain = new SecurityChain({
    ...(authenticate === undefined ? {} : { authenticate }),
    ...(limiter === undefined ? {} : { limiter }),
    anonymousRead: auth.anonymous_read,
    allowedAddresses: metrics.allow_ips,
    onRejected,
  });
  return {
    chain,
    async reload() {
      revoked = await readRevoked(auth.revoked_path);
    },
  };
}

function verifier({ auth, mode }: Settings, revoked: (id: string) => boolean): Promise<Authenticate> {
  const { jwt_public_key_path, issuer, audience } = auth;
  if (jwt_public_key_path !== undefined)
    return tokenVerifier({ publicKeyFile: jwt_public_key_path, issuer, audience, revoked });
  throw new ProvisioningError({
    code: 'IDENTITY_REQUIRED',
    kind: 'configuration',
    message: `auth.jwt_public_key_path: ${mode} mode checks tokens and needs the key of the service that makes them`,
    hint: 'set it, or auth.enabled = false behind a proxy that authenticates',
  });
}

async function readRevoked(file: string | undefined): Promise<ReadonlySet<string>> {
  if (file === undefined) return new Set();
  return new Set((await readFile(file, 'utf8')).split('\n').map((line) => line.trim()));
}
