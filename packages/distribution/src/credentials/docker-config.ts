import { withFileLock, writeFileAtomic } from '@provisioning/core';
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import type { Credential, CredentialSource } from './credential.ts';

/** Docker Hub keeps its credentials under the address of its first API. */
const dockerHubKey = 'https://index.docker.io/v1/';
const dockerHubHosts: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

interface DockerConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string; registrytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/** Path of Docker's configuration: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
export function dockerConfigPath(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['DOCKER_CONFIG'] || join(environment['HOME'] ?? '.', '.docker'), 'config.json');
}

/**
 * Docker's credential file with its helpers, read and written as Docker does: `credHelpers` of the host, else
 * `credsStore`, else `auths` (09 §6).
 */
export class DockerCredentials implements CredentialSource {
  readonly path: string;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(path: string, environment: Readonly<Record<string, string | undefined>> = {}) {
    this.path = path;
    this.#environment = environment;
  }

  async #read(): Promise<DockerConfig & Record<string, unknown>> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw this.#broken('cannot be read', error);
    }
    try {
      const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new Error('not an object');
      return value as DockerConfig & Record<string, unknown>;
    } catch (error) {
      throw this.#broken('is not valid JSON', error);
    }
  }

  #broken(reason: string, cause: unknown): ProvisioningError {
    return new ProvisioningError({
      code: 'INVALID_DOCKER_CONFIG',
      kind: 'configuration',
      message: `${this.path} ${reason}`,
      hint: 'repair the file; it was not changed',
      location: { file: this.path },
      cause,
    });
  }

  async get(host: string): Promise<Credential | undefined> {
    const config = await this.#read();
    for (const key of keysFor(host)) {
      const helper = config.credHelpers?.[key];
      if (helper !== undefined) return this.#fromHelper(helper, key);
    }
    if (config.credsStore !== undefined && config.credsStore !== '') {
      for (const key of keysFor(host)) {
        const found = await this.#fromHelper(config.credsStore, key);
        if (found !== undefined) return found;
      }
    }
    for (const key of keysFor(host)) {
      const entry = config.auths?.[key];
      if (entry !== undefined) return readEntry(entry);
    }
    return undefined;
  }

  /**
   * Stores a credential that the registry accepted.
   * @returns where it went: the helper's name, or `undefined` when it stands unencrypted in the file.
   */
  async store(
    host: string,
    credential: { readonly username: string; readonly password: Secret },
  ): Promise<string | undefined> {
    const key = keysFor(host)[0]!;
    const config = await this.#read();
    const helper = helperFor(config, host);
    if (helper !== undefined) {
      const input = { ServerURL: key, Username: credential.username, Secret: credential.password.reveal() };
      await this.#helper(helper, 'store', JSON.stringify(input));
      return helper;
    }
    const auth = Buffer.from(`${credential.username}:${credential.password.reveal()}`, 'utf8').toString(
      'base64',
    );
    await this.#change((current) => ({ ...current, auths: { ...current.auths, [key]: { auth } } }));
    return undefined;
  }

  /** Removes the credential of a host. @returns whether there was one. */
  async erase(host: string): Promise<boolean> {
    const config = await this.#read();
    const helper = helperFor(config, host);
    let removed = false;
    if (helper !== undefined) {
      for (const key of keysFor(host)) {
        if ((await this.#fromHelper(helper, key)) === undefined) continue;
        await this.#helper(helper, 'erase', key);
        removed = true;
      }
    }
    if (!keysFor(host).some((key) => config.auths?.[key] !== undefined)) return removed;
    await this.#change((current) => {
      const auths = Object.entries(current.auths ?? {}).filter(([key]) => !keysFor(host).includes(key));
      return { ...current, auths: Object.fromEntries(auths) };
    });
    return true;
  }

  async #change(
    edit: (config: DockerConfig & Record<string, unknown>) => DockerConfig & Record<string, unknown>,
  ): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    // A linked configuration (dotfiles) is changed where it really is, not replaced by a file.
    const real = await lstat(this.path)
      .then((details) => (details.isSymbolicLink() ? realpath(this.path) : this.path))
      .catch(() => this.path);
    await withFileLock(real, async () => {
      const text = `${JSON.stringify(edit(await this.#read()), null, '\t')}\n`;
      await writeFileAtomic(real, text);
      await chmod(real, 0o600);
    });
  }

  async #fromHelper(helper: string, key: string): Promise<Credential | undefined> {
    const output = await this.#helper(helper, 'get', key);
    if (output === undefined) return undefined;
    const { Username: username, Secret: secret } = JSON.parse(output) as {
      Username?: unknown;
      Secret?: unknown;
    };
    if (typeof username !== 'string' || typeof secret !== 'string') return undefined;
    return username === '<token>'
      ? { username: '', identityToken: new Secret(secret) }
      : { username, password: new Secret(secret) };
  }

  /** Talks to `docker-credential-<name>`; the secret goes through its standard input, never its arguments. */
  async #helper(name: string, action: 'get' | 'store' | 'erase', input: string): Promise<string | undefined> {
    const program = `docker-credential-${name}`;
    if (!/^[A-Za-z0-9._-]+$/.test(name)) {
      throw new ProvisioningError({
        code: 'INVALID_DOCKER_CONFIG',
        kind: 'configuration',
        message: `${this.path}: ${JSON.stringify(name)} is not the name of a credential helper`,
      });
    }
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [action],
        { timeout: 30_000, maxBuffer: 1024 * 1024, env: this.#environment as NodeJS.ProcessEnv },
        (error, stdout) => {
          if (error === null) resolve(stdout);
          else if (action === 'get' && /credentials not found/i.test(stdout)) resolve(undefined);
          else {
            reject(
              new ProvisioningError({
                code: 'CREDENTIAL_HELPER',
                kind: 'configuration',
                message:
                  (error as NodeJS.ErrnoException).code === 'ENOENT'
                    ? `${program} not found`
                    : `${program} ${action} failed`,
                hint: `install it, or remove it from ${this.path}`,
              }),
            );
          }
        },
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }
}

function keysFor(host: string): readonly string[] {
  if (dockerHubHosts.has(host)) return [dockerHubKey, ...dockerHubHosts];
  return [
    host,
    `https://${host}`,
    `https://${host}/`,
    `https://${host}/v1/`,
    `https://${host}/v2/`,
    `http://${host}`,
  ];
}

function helperFor(config: DockerConfig, host: string): string | undefined {
  const own = keysFor(host)
    .map((key) => config.credHelpers?.[key])
    .find((helper) => helper !== undefined);
  return own ?? (config.credsStore === '' ? undefined : config.credsStore);
}

function readEntry(entry: NonNullable<DockerConfig['auths']>[string]): Credential | undefined {
  const decoded = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const separator = decoded.indexOf(':');
  const username = separator === -1 ? '' : decoded.slice(0, separator);
  if (entry.registrytoken) return { username, registryToken: new Secret(entry.registrytoken) };
  if (entry.identitytoken) return { username, identityToken: new Secret(entry.identitytoken) };
  return separator === -1 ? undefined : { username, password: new Secret(decoded.slice(separator + 1)) };
}
