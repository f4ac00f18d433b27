import { join } from 'node:path';
import { type Mode, parseSize } from '@provisioning/distribution';
import { type Data, flag, invalid, number, numeric, optional, table, text, texts } from './values.ts';

export interface TlsSettings {
  readonly cert_path: string;
  readonly key_path: string;
  /** Callers then need a certificate of it. */
  readonly client_ca_path?: string;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  /** Calls to backends at once are eight times this. */
  readonly workers: number;
  readonly enable_cors: boolean;
  readonly cors_origins: readonly string[];
  readonly enable_compression: boolean;
  readonly tls?: TlsSettings;
}

/** Who may read, and how often (10 §6). */
export interface AccessSettings {
  readonly auth: {
    readonly enabled: boolean;
    readonly anonymous_read: boolean;
    readonly jwt_public_key_path?: string;
    readonly issuer: string;
    readonly audience: string;
    /** Ids of tokens that were taken back, one a line; read again on SIGHUP. */
    readonly revoked_path?: string;
  };
  readonly rate_limit: { readonly enabled: boolean; readonly per_minute: number };
  readonly metrics: { readonly allow_ips: readonly string[] };
}

export interface BlobCacheSettings {
  readonly enabled: boolean;
  readonly path: string;
  readonly max_size: string;
  readonly max_bytes: number;
}

interface ServerOverlay {
  readonly host: string;
  readonly workers: number;
  readonly cors: boolean;
  readonly auth: boolean;
  readonly anonymous: boolean;
  readonly blobs: boolean;
}

/** What a mode sets (10 §5 "Mode overlays"). */
const overlays: Readonly<Record<Mode, ServerOverlay>> = {
  solo: { host: '127.0.0.1', workers: 2, cors: false, auth: false, anonymous: true, blobs: false },
  multiuser: { host: '0.0.0.0', workers: 4, cors: true, auth: true, anonymous: true, blobs: false },
  cicd: { host: '0.0.0.0', workers: 8, cors: false, auth: true, anonymous: false, blobs: false },
  enterprise: { host: '0.0.0.0', workers: 16, cors: false, auth: true, anonymous: false, blobs: true },
};

export function readServer(
  data: Data,
  mode: Mode,
  flags: { readonly host?: string; readonly port?: string },
): ServerSettings {
  const overlay = overlays[mode];
  const tls = table(data['tls'], 'server.tls');
  return {
    host: flags.host ?? text(data, 'host', 'server', overlay.host),
    port: number({ port: numeric(flags.port) ?? data['port'] }, 'port', 'server', 8081, [0, 65_535]),
    workers: number(data, 'workers', 'server', overlay.workers, [1, 32]),
    enable_cors: flag(data, 'enable_cors', 'server', overlay.cors),
    cors_origins: texts(data, 'cors_origins', 'server'),
    enable_compression: flag(data, 'enable_compression', 'server', true),
    ...(data['tls'] === undefined
      ? {}
      : {
          tls: {
            cert_path: text(tls, 'cert_path', 'server.tls'),
            key_path: text(tls, 'key_path', 'server.tls'),
            ...optional(tls, 'client_ca_path', 'server.tls'),
          },
        }),
  };
}

export function readAccess(data: Data, mode: Mode): AccessSettings {
  const overlay = overlays[mode];
  const auth = table(data['auth'], 'auth');
  const limit = table(data['rate_limit'], 'rate_limit');
  const metrics = table(data['metrics'], 'metrics');
  return {
    auth: {
      enabled: flag(auth, 'enabled', 'auth', overlay.auth),
      anonymous_read: flag(auth, 'anonymous_read', 'auth', overlay.anonymous),
      ...optional(auth, 'jwt_public_key_path', 'auth'),
      issuer: text(auth, 'issuer', 'auth', 'control-center'),
      audience: text(auth, 'audience', 'auth', 'extension-registry'),
      ...optional(auth, 'revoked_path', 'auth'),
    },
    rate_limit: {
      enabled: flag(limit, 'enabled', 'rate_limit', mode !== 'solo'),
      per_minute: number(limit, 'per_minute', 'rate_limit', 100, [1, 1_000_000]),
    },
    metrics: { allow_ips: texts(metrics, 'allow_ips', 'metrics') },
  };
}

export function readBlobCache(data: Data, mode: Mode, cacheFolder: string): BlobCacheSettings {
  const size = text(data, 'max_size', 'cache.blobs', '1GiB');
  const bytes = parseSize(size);
  if (bytes === undefined) throw invalid('cache.blobs.max_size', `${size} is no size such as 1GiB`);
  const enabled = flag(data, 'enabled', 'cache.blobs', overlays[mode].blobs);
  if (enabled && mode === 'cicd')
    throw invalid('cache.blobs.enabled', 'nothing is kept on disk in cicd mode');
  return {
    enabled,
    path: text(data, 'path', 'cache.blobs', join(cacheFolder, 'registry')),
    max_size: size,
    max_bytes: bytes,
  };
}
