import type { Readable } from 'node:stream';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { forHost } from '../credentials/credential.ts';
import type { ArtifactSession } from './session.ts';

export interface LoginOptions {
  readonly host: string;
  readonly username: string;
  readonly password: Secret;
  /** Ask the registry only, store nothing. */
  readonly check?: boolean;
}

/** Reads a password from standard input, one trailing newline removed (09 §6). */
export async function readPassword(from: {
  readonly stdin?: Readable;
  /** What a person typed. */
  readonly prompt?: string;
}): Promise<Secret> {
  let text: string;
  if (from.prompt !== undefined) text = from.prompt;
  else if (from.stdin !== undefined) {
    const chunks: Buffer[] = [];
    for await (const chunk of from.stdin as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk));
    text = Buffer.concat(chunks).toString('utf8');
  } else throw passwordRequired();
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw passwordRequired();
  return new Secret(password);
}

export function passwordRequired(): ProvisioningError {
  return new ProvisioningError({
    code: 'PASSWORD_REQUIRED',
    kind: 'usage',
    message: 'Password required: use --password-stdin or --token-file',
  });
}

/**
 * Checks a credential with the registry and stores it as Docker does (09 §6). A rejected one changes nothing.
 * @returns the credential helper that keeps it, or the file where it stands unencrypted.
 */
export async function login(
  session: ArtifactSession,
  options: LoginOptions,
): Promise<{ readonly helper?: string; readonly file?: string }> {
  const { host, username, password } = options;
  const registry = session.connectAs(host, forHost(host, { username, password }));
  try {
    await registry.ping(session.call);
  } finally {
    registry.close();
  }
  if (options.check === true) return {};
  const helper = await session.docker.store(host, { username, password });
  return helper === undefined ? { file: session.docker.path } : { helper };
}

/** Removes a stored credential; with `check` only looks for it. @returns whether there was one. */
export async function logout(session: ArtifactSession, host: string, check = false): Promise<boolean> {
  return check ? (await session.docker.get(host)) !== undefined : session.docker.erase(host);
}
