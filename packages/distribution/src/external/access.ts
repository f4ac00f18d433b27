import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credential, CredentialSource } from '../credentials/credential.ts';

/** How other programs reach the registries that this one reaches. */
export interface ProgramAccess {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly credentials: CredentialSource;
  /** Whether a registry is reached without TLS. */
  readonly plainHttp: (host: string) => boolean;
  readonly insecure: boolean;
  readonly caFile?: string;
}

/**
 * Environment of a program that talks to a registry. Credentials reach it by a file that only it and we can read, never
 * by its arguments.
 * @param folder makes the folder of that file when there is one to write.
 */
export async function programEnvironment(
  { environment, credentials, caFile }: ProgramAccess,
  host: string,
  folder: () => Promise<string>,
): Promise<NodeJS.ProcessEnv> {
  const trusted = caFile === undefined ? {} : { SSL_CERT_FILE: caFile };
  const credential = await credentials.get(host);
  if (credential === undefined) return { ...environment, ...trusted };
  const path = await folder();
  const config = join(path, 'config.json');
  await writeFile(config, JSON.stringify({ auths: { [host]: entryOf(credential) } }), { mode: 0o600 });
  return { ...environment, ...trusted, DOCKER_CONFIG: path, REGISTRY_AUTH_FILE: config };
}

function entryOf({ username, password, identityToken, registryToken }: Credential): object {
  return {
    ...(password === undefined
      ? {}
      : { auth: Buffer.from(`${username}:${password.reveal()}`).toString('base64') }),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken.reveal() }),
    ...(registryToken === undefined ? {} : { registrytoken: registryToken.reveal() }),
  };
}

export interface ProgramOutcome {
  /** Exit code; `undefined` when it was ended by a signal or did not start. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with nothing to read. */
export function runProgram(
  file: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<ProgramOutcome> {
  return new Promise((done) => {
    const settings = { env, maxBuffer: 16 * 1024 * 1024, ...(signal === undefined ? {} : { signal }) };
    const child = execFile(file, [...words], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      done({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end();
  });
}

/** The last line a program wrote, short enough for a message. */
export function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 500);
}
