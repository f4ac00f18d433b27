import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { shellQuote } from '../transport/index.ts';
import type { ContainerRuntime, DetectOptions } from './detect.ts';
import { probe } from './probe.ts';

/** Programs of their own that do what the compose plugin of a runtime would, best first. */
const standIns: Readonly<Record<string, readonly string[]>> = {
  docker: ['docker-compose'],
  podman: ['podman-compose', 'docker-compose'],
  nerdctl: [],
};

/** How compose files are run here. */
export interface Compose {
  readonly command: readonly string[];
  /** The runtime has no compose of its own. */
  readonly standIn: boolean;
}

/**
 * The compose of a runtime, or a program that stands in for it (S:52392).
 * @throws ProvisioningError `COMPOSE_NOT_FOUND` (exit 1)
 */
export async function findCompose(runtime: ContainerRuntime, options: DetectOptions): Promise<Compose> {
  const limits = {
    env: options.surroundings.env,
    timeout: (options.settings.timeout_secs ?? 5) * 1000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const own = [...runtime.command, 'compose'];
  if ((await probe([...own, 'version'], limits)).ended === 'ok') return { command: own, standIn: false };
  const others = standIns[runtime.command[0]!] ?? [];
  for (const program of others) {
    if ((await probe([program, 'version'], limits)).ended === 'ok')
      return { command: [program], standIn: true };
  }
  throw new ProvisioningError({
    code: 'COMPOSE_NOT_FOUND',
    message: `${own.join(' ')} is not available`,
    hint: `Install the compose plugin of ${runtime.command[0]!}${others.length === 0 ? '' : `, or ${others.join(' or ')}`}.`,
  });
}

/**
 * The command line that runs a compose file, for `eval`.
 * @throws ProvisioningError `COMPOSE_FILE_NOT_FOUND` (exit 5)
 */
export async function composeLine(compose: Compose, file: string, cwd: string): Promise<string> {
  const found = await stat(path.resolve(cwd, file)).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new ProvisioningError({
      code: 'COMPOSE_FILE_NOT_FOUND',
      kind: 'not-found',
      message: `Compose file not found: ${file}`,
      hint: `Looked in ${cwd}. Give the path of the file.`,
    });
  }
  const shown = path.isAbsolute(file) || file.startsWith('.') ? file : `./${file}`;
  return [...compose.command, '-f', shown].map(plainOrQuoted).join(' ');
}

function plainOrQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word);
}
