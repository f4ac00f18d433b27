import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Surroundings, userDirectories } from '../config/surroundings.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { probe } from './probe.ts';

/** Container runtimes of a workstation (21 §2, S:52380). */
export const runtimeNames = ['docker', 'podman', 'orbstack', 'colima', 'nerdctl'] as const;
export type RuntimeName = (typeof runtimeNames)[number];

interface Shape {
  /** What tells that it works. */
  readonly question: readonly string[];
  readonly answer?: RegExp;
  /** Words that stand before the runtime's own arguments. */
  readonly command: readonly string[];
  readonly platforms?: readonly NodeJS.Platform[];
}

const shapes: Readonly<Record<RuntimeName, Shape>> = {
  docker: { question: ['docker', 'info'], command: ['docker'] },
  podman: { question: ['podman', 'info'], command: ['podman'] },
  orbstack: {
    question: ['orbctl', 'status'],
    answer: /running/i,
    command: ['docker', '--context', 'orbstack'],
    platforms: ['darwin'],
  },
  colima: {
    question: ['colima', 'status'],
    command: ['docker', '--context', 'colima'],
    platforms: ['darwin', 'linux'],
  },
  nerdctl: { question: ['nerdctl', 'info'], command: ['nerdctl'] },
};

/** `[integrations] runtime` of the configuration (21 §1). */
export interface RuntimeSettings {
  readonly preferred?: string;
  readonly check_order?: readonly string[];
  readonly timeout_secs?: number;
  readonly enable_cache?: boolean;
}

export interface DetectOptions {
  readonly surroundings: Surroundings;
  readonly settings: RuntimeSettings;
  /** Ask the runtimes again although an answer is kept. */
  readonly refresh?: boolean;
  /** Nothing is written, the kept answer included (01 §8). */
  readonly readOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** A runtime that answered. */
export interface ContainerRuntime {
  readonly name: RuntimeName;
  readonly command: readonly string[];
}

/** One line of `runtime list`. */
export interface RuntimeState {
  readonly name: RuntimeName;
  readonly available: boolean;
  readonly version: string | null;
  readonly reason?: string;
}

/** The answer is kept for five minutes; a command that fails drops it. */
const keptSeconds = 300;

/**
 * The runtime to use: the preferred one, else the first of the order that answers.
 * @throws ProvisioningError `RUNTIME_NOT_FOUND` (exit 1)
 */
export async function detectRuntime(options: DetectOptions): Promise<ContainerRuntime> {
  const caching = options.settings.enable_cache !== false;
  const kept = caching && options.refresh !== true ? await readKept(options) : undefined;
  if (kept !== undefined) return { name: kept, command: shapes[kept].command };
  const { preferred } = options.settings;
  for (const name of order(options)) {
    const { available, reason } = await look(name, options);
    if (available) {
      if (caching && options.readOnly !== true) await keep(name, options);
      return { name, command: shapes[name].command };
    }
    if (name === preferred)
      options.surroundings.warn?.(`The preferred runtime ${name} is not available: ${reason ?? 'no answer'}`);
  }
  throw new ProvisioningError({
    code: 'RUNTIME_NOT_FOUND',
    message: `No container runtime detected\nLooked for: ${order(options).join(', ')}`,
    hint: installHint(options.surroundings.platform),
  });
}

/** Every runtime of this platform and whether it answers. */
export async function listRuntimes(options: DetectOptions): Promise<readonly RuntimeState[]> {
  return Promise.all(order(options).map((name) => look(name, options)));
}

/** The answer that is kept is wrong: the next command asks again. */
export async function forgetRuntime(surroundings: Surroundings): Promise<void> {
  await rm(keptFile(surroundings), { force: true });
}

/** Version of a runtime's program, or null where it does not say. */
export async function runtimeVersion(name: RuntimeName, options: DetectOptions): Promise<string | null> {
  const [program = name] = shapes[name].command;
  const { ended, stdout } = await probe([program, '--version'], limits(options));
  return ended === 'ok' ? (/\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? null) : null;
}

/** Whether a word names a runtime, so that `docker ps` means the one that is there. */
export function isRuntimeName(word: string): word is RuntimeName {
  return (runtimeNames as readonly string[]).includes(word);
}

async function look(name: RuntimeName, options: DetectOptions): Promise<RuntimeState> {
  const { question, answer } = shapes[name];
  const { ended, stdout, stderr } = await probe(question, limits(options));
  if (ended === 'ok' && (answer === undefined || answer.test(stdout)))
    return { name, available: true, version: await runtimeVersion(name, options) };
  return { name, available: false, version: null, reason: reasonOf(question[0]!, ended, stderr, options) };
}

function reasonOf(program: string, ended: string, stderr: string, { settings }: DetectOptions): string {
  if (ended === 'missing') return `${program} is not installed`;
  if (ended === 'timeout') return `${program} did not answer within ${settings.timeout_secs ?? 5} s`;
  const [line = ''] = stderr.trim().split('\n').slice(-1);
  return line === '' ? `${program} does not run` : line;
}

function limits({ surroundings, settings, signal }: DetectOptions) {
  const timeout = (settings.timeout_secs ?? 5) * 1000;
  return { env: surroundings.env, timeout, ...(signal === undefined ? {} : { signal }) };
}

/** `preferred`, `check_order`, then the platform's order (S:52426); what the platform does not have is left out. */
function order({ settings, surroundings: { platform } }: DetectOptions): readonly RuntimeName[] {
  const usual: readonly RuntimeName[] =
    platform === 'darwin'
      ? ['orbstack', 'docker', 'podman', 'colima', 'nerdctl']
      : ['docker', 'podman', 'colima', 'nerdctl'];
  const configured = settings.check_order ?? [];
  const wanted = [settings.preferred ?? '', ...(configured.length > 0 ? configured : usual)];
  const known = wanted.filter(isRuntimeName);
  return [...new Set(known)].filter((name) => shapes[name].platforms?.includes(platform) ?? true);
}

function installHint(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'Install OrbStack or Docker Desktop, and start it.';
  if (platform === 'win32') return 'Install Docker Desktop, and start it.';
  return 'Install one: sudo apt-get install podman. If one is installed, is its service running?';
}

function keptFile(surroundings: Surroundings): string {
  return path.join(userDirectories(surroundings).cache, 'container-runtime.json');
}

/** Another search path or order may lead elsewhere: the kept answer holds for the same question only. */
function questionOf(options: DetectOptions): string {
  const { env } = options.surroundings;
  const parts = [order(options), env['PATH'], env['DOCKER_HOST'], env['CONTAINER_HOST']];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function readKept(options: DetectOptions): Promise<RuntimeName | undefined> {
  const text = await readFile(keptFile(options.surroundings), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as { name?: string; question?: string; until?: number };
    const fresh = (kept.until ?? 0) > options.surroundings.now().getTime();
    return fresh && kept.question === questionOf(options) && isRuntimeName(kept.name ?? '')
      ? (kept.name as RuntimeName)
      : undefined;
  } catch {
    return undefined;
  }
}

async function keep(name: RuntimeName, options: DetectOptions): Promise<void> {
  const until = options.surroundings.now().getTime() + keptSeconds * 1000;
  const record = { name, question: questionOf(options), until };
  await writeFileAtomic(keptFile(options.surroundings), `${JSON.stringify(record)}\n`);
}
