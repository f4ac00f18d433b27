import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@provisioning/core';
import { htpasswdLine } from '@provisioning/distribution';
import { Secret } from '@provisioning/extensions-sdk';
import type { Secrets } from '../plan/containers.ts';

/** Where the secrets of an installation are: a file that only its owner reads. */
export function secretsFile(configFolder: string, installation: string): string {
  return join(configFolder, 'secrets', `installer-${installation}.json`);
}

/** New secrets; they are written with `keepSecrets`. */
export async function makeSecrets(): Promise<Secrets> {
  const registryPassword = randomBytes(24).toString('base64url');
  return {
    registryPassword,
    registryHtpasswd: (await htpasswdLine('provisioning', new Secret(registryPassword))).trim(),
  };
}

/** The secrets of an earlier run; a service keeps the ones it was started with. */
export async function readSecrets(file: string): Promise<Secrets | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Secrets);
}

export async function keepSecrets(file: string, secrets: Secrets): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(secrets, undefined, 2)}\n`, 0o600);
  await chmod(file, 0o600);
}
