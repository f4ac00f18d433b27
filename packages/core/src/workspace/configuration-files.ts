import path from 'node:path';
import { namesIn } from '../config/names-in.ts';
import { mainFile } from '../config/definition-formats.ts';

/** A row of `workspace config list` (03 §7.1). */
export interface WorkspaceConfigurationFile {
  readonly type: 'main' | 'provider' | 'platform' | 'kms';
  readonly name: string;
  readonly path: string;
}

/** The configuration files of a workspace that are there. */
export function workspaceConfigurationFiles(workspace: string): WorkspaceConfigurationFile[] {
  const config = path.join(workspace, 'config');
  const main = mainFile(workspace);
  const below = (folder: string, type: 'provider' | 'platform'): WorkspaceConfigurationFile[] =>
    namesIn(path.join(config, folder))
      .filter((name) => /\.(toml|ya?ml)(\.enc)?$/.test(name) && !name.endsWith('.schema.toml'))
      .sort()
      .map((name) => ({
        type,
        name: name.replace(/\..*$/, ''),
        path: path.join(config, folder, name),
      }));
  return [
    ...(main === undefined ? [] : [{ type: 'main', name: path.basename(main), path: main } as const]),
    ...below('providers', 'provider'),
    ...below('platform', 'platform'),
    ...(namesIn(config).includes('kms.toml')
      ? [{ type: 'kms', name: 'kms', path: path.join(config, 'kms.toml') } as const]
      : []),
  ];
}
