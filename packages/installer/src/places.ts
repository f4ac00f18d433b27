import { isAbsolute, join } from 'node:path';
import { type Surroundings, userDirectories } from '@provisioning/core';

/** Where the installer reads and writes (04 §1). */
export interface Places {
  readonly config: string;
  readonly data: string;
  readonly cache: string;
  readonly log: string;
  readonly configurationFile: string;
  readonly stateFile: string;
}

export function placesOf(surroundings: Surroundings): Places {
  const { config, data, cache } = userDirectories(surroundings);
  return {
    config,
    data,
    cache,
    log: logFolder(surroundings),
    configurationFile: join(config, 'installer-config.toml'),
    stateFile: join(config, 'installer-state.json'),
  };
}

function logFolder({ env, home, platform }: Surroundings): string {
  if (platform === 'darwin') return join(home, 'Library/Logs/provisioning');
  if (platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(home, 'AppData/Local'), 'provisioning/Log');
  const state = env['XDG_STATE_HOME'];
  return join(state !== undefined && isAbsolute(state) ? state : join(home, '.local/state'), 'provisioning');
}
