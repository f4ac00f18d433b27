import { homedir } from 'node:os';
import path from 'node:path';

/** What the process stands in. Made once at the edge (CLI, service); nothing below reads `process` itself. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Directory of the installation, `paths.base`. */
  readonly installation: string;
  now(): Date;
  /** Told of what was put right on the way (a damaged registry, 03.A7). */
  readonly warn?: (message: string) => void;
}

/** The surroundings of this process. */
export function processSurroundings(installation: string): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    installation,
    now: () => new Date(),
  };
}

/** Directories of one user (rulings §4, env-paths conventions). */
export interface UserDirectories {
  readonly config: string;
  readonly data: string;
  readonly cache: string;
}

/** Where a user's files are; `PROVISIONING_HOME` (or a directory in `PROVISIONING_CONFIG`) moves the configuration. */
export function userDirectories(surroundings: Surroundings): UserDirectories {
  const { env, home, platform } = surroundings;
  const own = env['PROVISIONING_HOME'];
  if (platform === 'darwin') {
    return {
      config: own ?? path.join(home, 'Library', 'Application Support', 'provisioning'),
      data: path.join(home, 'Library', 'Application Support', 'provisioning'),
      cache: path.join(home, 'Library', 'Caches', 'provisioning'),
    };
  }
  if (platform === 'win32') {
    const roaming = env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming');
    const local = env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local');
    return {
      config: own ?? path.join(roaming, 'provisioning'),
      data: path.join(local, 'provisioning', 'Data'),
      cache: path.join(local, 'provisioning', 'Cache'),
    };
  }
  const xdg = (name: string, fallback: string): string => {
    const value = env[name];
    return value !== undefined && path.isAbsolute(value) ? value : path.join(home, fallback);
  };
  return {
    config: own ?? path.join(xdg('XDG_CONFIG_HOME', '.config'), 'provisioning'),
    data: path.join(xdg('XDG_DATA_HOME', '.local/share'), 'provisioning'),
    cache: path.join(xdg('XDG_CACHE_HOME', '.cache'), 'provisioning'),
  };
}

/** Expands a leading `~`. */
export function expandHome(file: string, home: string): string {
  return file === '~' ? home : file.startsWith('~/') ? path.join(home, file.slice(2)) : file;
}
