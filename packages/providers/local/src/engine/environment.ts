import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the engine part needs to know of its surroundings; the provider fills it from its context. */
export interface EngineEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** A directory that belongs to this provider between runs. */
  readonly cacheDir: string;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

/** Where the provider keeps engine state, built images and locks when nobody says otherwise. */
export function defaultCacheDir(variables: Readonly<Record<string, string | undefined>>): string {
  const cache = variables.XDG_CACHE_HOME || join(variables.HOME || homedir(), '.cache');
  return join(cache, 'provisioning', 'providers', 'local');
}

/** Full path of a program, looked for in PATH and in the system's own folders. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  const folders = [...(path ?? '').split(delimiter), ...systemPath.split(':')];
  for (const folder of folders) {
    if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/** Environment for the programs that are started: the declared variables, and what every program expects. */
export function programEnvironment(variables: Readonly<Record<string, string>>): Record<string, string> {
  return { HOME: homedir(), ...variables, PATH: `${variables.PATH ?? ''}:${systemPath}`.replace(/^:/, '') };
}

/** Changes with each boot of the machine; empty where the system does not tell. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

export function isRoot(): boolean {
  return userInfo().uid === 0;
}

/** `v2` when the unified hierarchy stands alone, `v1` for the old and the hybrid layout, `none` elsewhere. */
export function cgroupMode(): 'v1' | 'v2' | 'none' {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8');
    if (/ \/sys\/fs\/cgroup cgroup2 /.test(mounts)) return 'v2';
    return / \/sys\/fs\/cgroup\S* cgroup /.test(mounts) ? 'v1' : 'none';
  } catch {
    return 'none';
  }
}

/** The hard limit of open files of this process: what a container may be given at most without privileges. */
export function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const value = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
