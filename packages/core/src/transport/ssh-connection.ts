import { readFile } from 'node:fs/promises';
import type { Access } from '@provisioning/extensions-sdk';
import type { AnyAuthMethod, Client, ConnectConfig } from 'ssh2';
import { fingerprint, hostEntryName, type KnownHosts } from './known-hosts.ts';
import {
  authenticationRefused,
  hostKeyChanged,
  interrupted,
  keyUnusable,
  noKey,
  protocolFailure,
  unreachable,
} from './transport-error.ts';

export type SshAccess = Extract<Access, { kind: 'ssh' }>;

/** What identifies us when the access names no key. */
export interface SshIdentity {
  readonly knownHosts: KnownHosts;
  /** Socket of an SSH agent. */
  readonly agentSocket?: string;
  /** Private keys tried when the access names none; missing files are passed over. */
  readonly defaultKeyFiles: readonly string[];
}

/** `root@10.0.0.5:22` */
export function accessName(access: SshAccess): string {
  return `${access.user}@${access.host}:${access.port}`;
}

/**
 * Connects once: TCP, handshake, host key (05 §7.4), login.
 * @param timeout Milliseconds for all of it.
 * @throws ProvisioningError `TRANSPORT_UNREACHABLE` (retryable), `TRANSPORT_AUTH`, `TRANSPORT_HOST_KEY`, `TRANSPORT_PROTOCOL`.
 */
export async function connectOnce(
  access: SshAccess,
  identity: SshIdentity,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const name = accessName(access);
  const entry = access.hostKeyAlias ?? hostEntryName(access.host, access.port);
  const [{ Client: SshClient }, keys, knownTypes] = await Promise.all([
    import('ssh2').then(({ default: ssh2 }) => ssh2),
    readKeys(access, identity),
    identity.knownHosts.types(entry),
  ]);
  const methods: AnyAuthMethod[] = keys.map(({ key }) => ({
    type: 'publickey',
    username: access.user,
    key,
  }));
  const useAgent = access.keyFile === undefined && identity.agentSocket !== undefined;
  if (useAgent) methods.unshift({ type: 'agent', username: access.user, agent: identity.agentSocket! });
  const tried = [...(useAgent ? ['the SSH agent'] : []), ...keys.map(({ file }) => `key ${file}`)];
  if (methods.length === 0) throw noKey(name, identity.defaultKeyFiles);

  const client = new SshClient();
  client.setMaxListeners(0);
  let hostKeyError: Error | undefined;
  const config: ConnectConfig = {
    host: access.host,
    port: access.port,
    username: access.user,
    readyTimeout: timeout,
    keepaliveInterval: 10_000,
    keepaliveCountMax: 3,
    // Without the customary `none` first: it saves a round trip.
    authHandler: (_left, _partial, next) => next(methods.shift() ?? (false as unknown as AnyAuthMethod)),
    hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
      identity.knownHosts.verify(entry, key).then(
        (verdict) => {
          if (verdict === 'changed') {
            hostKeyError = hostKeyChanged({
              host: access.host,
              address: hostEntryName(access.host, access.port),
              entry,
              knownHostsFile: identity.knownHosts.file,
              fingerprint: fingerprint(key),
            });
          }
          verify(verdict !== 'changed');
        },
        (error: unknown) => {
          hostKeyError = protocolFailure(
            name,
            `known hosts cannot be read or written: ${String(error)}`,
            error,
          );
          verify(false);
        },
      );
    },
    ...(knownTypes.length === 0 ? {} : { algorithms: { serverHostKey: preferKnown(knownTypes) } }),
  };

  return new Promise((resolve, reject) => {
    const onAbort = (): void => finish(interrupted(name, signal?.reason));
    let settled = false;
    const finish = (error: Error | undefined): void => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) return resolve(client);
      client.destroy();
      reject(error);
    };
    client.once('connect', () => client.setNoDelay(true));
    client.once('ready', () => finish(undefined));
    // Stays on the client for its whole life: an error without a listener would end the process.
    client.on('error', (error) => finish(hostKeyError ?? classify(name, tried.join(', '), error)));
    client.once('close', () => finish(hostKeyError ?? unreachable(name, 'the connection was closed')));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) return onAbort();
    try {
      client.connect(config);
    } catch (error) {
      finish(protocolFailure(name, (error as Error).message, error));
    }
  });
}

/** Host key algorithms that can verify the remembered keys come first, as OpenSSH orders them. */
function preferKnown(
  types: readonly string[],
): NonNullable<NonNullable<ConnectConfig['algorithms']>['serverHostKey']> {
  const names = types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]));
  const all = [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ] as const;
  return [...all.filter((name) => names.includes(name)), ...all.filter((name) => !names.includes(name))];
}

async function readKeys(
  access: SshAccess,
  identity: SshIdentity,
): Promise<readonly { readonly file: string; readonly key: Buffer }[]> {
  const { default: ssh2 } = await import('ssh2');
  const files = access.keyFile === undefined ? identity.defaultKeyFiles : [access.keyFile];
  const keys: { file: string; key: Buffer }[] = [];
  for (const file of files) {
    let key: Buffer;
    try {
      key = await readFile(file);
    } catch (error) {
      if (access.keyFile === undefined) continue;
      throw keyUnusable(
        file,
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : String(error),
        error,
      );
    }
    const parsed = ssh2.utils.parseKey(key);
    if (!(parsed instanceof Error)) keys.push({ file, key });
    else if (access.keyFile !== undefined) throw keyUnusable(file, parsed.message);
  }
  return keys;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
};

function classify(name: string, tried: string, error: Error & { level?: string; code?: string }): Error {
  switch (error.level) {
    case 'client-authentication':
    case 'agent':
      return authenticationRefused(name, tried, error);
    case 'client-timeout':
      return unreachable(name, 'no answer in time', error);
    case 'client-socket':
    case 'client-dns':
      return unreachable(name, reasons[error.code ?? ''] ?? error.message, error);
    default:
      // sshd drops connections unread while it starts or has too many of them.
      if (/lost before handshake|ECONNRESET|EPIPE/.test(error.message)) {
        return unreachable(name, 'the connection was closed before the handshake', error);
      }
      return protocolFailure(name, error.message, error);
  }
}
