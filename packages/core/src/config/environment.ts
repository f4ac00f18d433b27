import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { gitBranch, workTree } from './git.ts';
import { namesIn } from './names-in.ts';
import type { Surroundings } from './surroundings.ts';

/** How the environment was chosen (02 §6). */
export type EnvironmentSource =
  'flag' | 'variable' | 'stored' | 'branch' | 'directory' | 'configuration' | 'only-one' | 'fallback';

export interface DetectedEnvironment {
  readonly name: string;
  readonly source: EnvironmentSource;
  /** Environments that have an overlay in the workspace. */
  readonly available: readonly string[];
}

export interface DetectOptions {
  readonly surroundings: Surroundings;
  /** `--environment`. */
  readonly flag?: string;
  readonly workspacePath?: string;
  /** Set by `env set` for this workspace. */
  readonly stored?: string;
  /** `defaults.environment` or `infrastructure.environment` of the files read so far. */
  readonly configured?: string;
}

const longNames: Readonly<Record<string, string>> = {
  development: 'dev',
  testing: 'test',
  production: 'prod',
};

/** `development`, `testing` and `production` are read as `dev`, `test`, `prod`. */
export function canonicalEnvironment(name: string): string {
  return longNames[name] ?? name;
}

/**
 * The environment a command works in; the first rule that matches wins.
 * @throws ProvisioningError `ENVIRONMENT_NOT_CONFIGURED` when it was named and has no overlay while others have
 */
export async function detectEnvironment(options: DetectOptions): Promise<DetectedEnvironment> {
  const available = availableEnvironments(options.workspacePath);
  const { name, source } = await choose(options, available);
  const named =
    source === 'flag' || source === 'variable' || source === 'stored' || source === 'configuration';
  if (named && available.length > 0 && !available.includes(name) && name !== 'local') {
    throw new ProvisioningError({
      code: 'ENVIRONMENT_NOT_CONFIGURED',
      kind: 'configuration',
      message: `Environment '${name}' not configured\nAvailable environments: ${JSON.stringify(available)}`,
      hint: `Create its overlay with: provisioning init config ${name}`,
    });
  }
  return { name, source, available };
}

async function choose(
  { surroundings, flag, stored, configured, workspacePath }: DetectOptions,
  available: readonly string[],
): Promise<{ readonly name: string; readonly source: EnvironmentSource }> {
  const variable = surroundings.env['PROVISIONING_ENV'] ?? surroundings.env['PROVISIONING_ENVIRONMENT'];
  for (const [value, source] of [
    [flag, 'flag'],
    [variable, 'variable'],
    [stored, 'stored'],
  ] as const) {
    if (value !== undefined && value !== '') return { name: canonicalEnvironment(value), source };
  }
  const branch = ofBranch(await currentBranch(surroundings, workspacePath));
  if (branch !== undefined) return { name: branch, source: 'branch' };
  const directory = await ofDirectory(surroundings, workspacePath);
  if (directory !== undefined) return { name: directory, source: 'directory' };
  if (configured !== undefined && configured !== '')
    return { name: canonicalEnvironment(configured), source: 'configuration' };
  if (available.length === 1) return { name: available[0]!, source: 'only-one' };
  return { name: 'local', source: 'fallback' };
}

async function currentBranch(
  surroundings: Surroundings,
  workspacePath: string | undefined,
): Promise<string | undefined> {
  if (workspacePath !== undefined) return gitBranch(workspacePath);
  const root = await workTree(surroundings.cwd);
  return root === undefined ? undefined : gitBranch(root);
}

function ofBranch(branch: string | undefined): string | undefined {
  if (branch === undefined) return undefined;
  if (/^(main|master)$/.test(branch)) return 'prod';
  if (/^(staging|stage|release\/.+)$/.test(branch)) return 'staging';
  if (/^(develop|dev|feature\/.+)$/.test(branch)) return 'dev';
  return /^(test|testing)$/.test(branch) ? 'test' : undefined;
}

const directories: Readonly<Record<string, string>> = {
  development: 'dev',
  dev: 'dev',
  testing: 'test',
  test: 'test',
  staging: 'staging',
  production: 'prod',
  prod: 'prod',
};

async function ofDirectory(
  surroundings: Surroundings,
  workspacePath: string | undefined,
): Promise<string | undefined> {
  if (workspacePath === undefined) return undefined;
  const root = await realpath(workspacePath).catch(() => workspacePath);
  const here = await realpath(surroundings.cwd).catch(() => surroundings.cwd);
  const inside = here === root || here.startsWith(root + path.sep);
  const segments = inside ? path.relative(root, here).split(path.sep).reverse() : [];
  const found = [...segments, path.basename(root)].find((segment) => Object.hasOwn(directories, segment));
  return found === undefined ? undefined : directories[found];
}

/** Environments with an overlay file, older spellings included, in name order. */
export function availableEnvironments(workspacePath: string | undefined): string[] {
  if (workspacePath === undefined) return [];
  const config = path.join(workspacePath, 'config');
  const overlays = namesIn(path.join(config, 'environments'));
  const older = namesIn(config);
  const names = new Set<string>();
  for (const name of overlays) {
    const match = /^([A-Za-z0-9_-]+)(?:\.enc)?\.toml(?:\.enc)?$/.exec(name);
    if (match !== null) names.add(match[1]!);
  }
  for (const name of older) {
    const match = /^([a-z0-9_-]+)-defaults\.toml$/.exec(name) ?? /^config\.([a-z0-9_-]+)\.toml$/.exec(name);
    if (match !== null && !['user', 'project', 'infra', 'defaults'].includes(match[1]!)) names.add(match[1]!);
  }
  return [...names].sort();
}
