import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { satisfies } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ModeName } from '../catalogue/modes.ts';
import type { PlatformName } from '../plan/resolve.ts';

const run = promisify(execFile);

export interface DetectedPlatform {
  readonly name: PlatformName;
  readonly version: string;
  /** Why it cannot be used, such as its age. */
  readonly refused?: string;
}

interface Probe {
  readonly name: PlatformName;
  readonly command: readonly [program: string, ...words: string[]];
  readonly least: string;
}

/** What answers to which question, in the order of preference (04 §7.5). */
const probes: readonly Probe[] = [
  { name: 'orbstack', command: ['orb', 'version'], least: '1.0.0' },
  { name: 'docker', command: ['docker', 'version', '--format', '{{.Server.Version}}'], least: '20.10.0' },
  { name: 'podman', command: ['podman', '--version'], least: '4.0.0' },
  { name: 'kubernetes', command: ['kubectl', 'version', '--output', 'json'], least: '1.25.0' },
];

/** Every container platform of this machine that answers. */
export async function detectPlatforms(environment: NodeJS.ProcessEnv): Promise<readonly DetectedPlatform[]> {
  const found = await Promise.all(probes.map((probe) => ask(probe, environment)));
  return found.filter((one) => one !== undefined);
}

async function ask(
  { name, command: [program, ...words], least }: Probe,
  environment: NodeJS.ProcessEnv,
): Promise<DetectedPlatform | undefined> {
  const answer = await run(program, words, { env: environment, timeout: 10_000 }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const version = name === 'kubernetes' ? serverVersion(answer.stdout) : versionIn(answer.stdout);
  if (version === undefined) return undefined;
  const old = !satisfies(version, `>=${least}`);
  return { name, version, ...(old ? { refused: `${name} ${version} is older than ${least}` } : {}) };
}

const versionIn = (text: string): string | undefined => /(\d+\.\d+\.\d+)/.exec(text)?.[1];

/** A cluster answers; the program alone is none. */
function serverVersion(text: string): string | undefined {
  try {
    const { serverVersion: server } = JSON.parse(text) as { serverVersion?: { gitVersion?: string } };
    return versionIn(server?.gitVersion ?? '');
  } catch {
    return undefined;
  }
}

/**
 * The platform to deploy to when nobody named one: the first, in enterprise mode Kubernetes before the others.
 * @throws ProvisioningError `NO_PLATFORM`.
 */
export function choosePlatform(detected: readonly DetectedPlatform[], mode: ModeName): PlatformName {
  const usable = detected.filter(({ refused }) => refused === undefined);
  const preferred = mode === 'enterprise' ? usable.find(({ name }) => name === 'kubernetes') : undefined;
  const chosen = preferred ?? usable[0];
  if (chosen !== undefined) return chosen.name;
  const reasons = detected.flatMap(({ refused }) => (refused === undefined ? [] : [refused]));
  throw new ProvisioningError({
    code: 'NO_PLATFORM',
    message: ['No container platform found (docker, podman, kubernetes, orbstack)', ...reasons].join('; '),
    hint: 'install Docker 20.10 or Podman 4.0 or newer, then run it again',
  });
}
