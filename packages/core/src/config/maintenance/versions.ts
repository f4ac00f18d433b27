import { access } from 'node:fs/promises';
import path from 'node:path';
import { layerFiles } from '../layers.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';

/** A row of `config check-version`. */
export interface FileVersion {
  readonly file: string;
  readonly format_version: string;
  readonly target: string;
  readonly status: 'current' | 'migrate';
}

/** Format of the files this version writes; older names count as 1.0 (02 §17). */
export const configurationFormat = '2.0';

/** Every configuration file there is, with the version of its format. */
export async function configurationVersions(
  surroundings: Surroundings,
  workspace?: { readonly name: string; readonly path: string },
): Promise<FileVersion[]> {
  const config = userDirectories(surroundings).config;
  const files = layerFiles({
    userConfig: config,
    ...(workspace === undefined ? {} : { workspacePath: workspace.path, workspaceName: workspace.name }),
  });
  const older = files.filter(({ aliasOf, file }) => aliasOf !== undefined || /\/ws_[^/]+\.yaml$/.test(file));
  const named = new Set(older.map(({ file }) => file));
  const all = [
    ...files.map(({ file }) => file),
    ...(workspace === undefined
      ? []
      : [path.join(workspace.path, 'config.defaults.toml'), path.join(workspace.path, 'config.user.toml')]),
  ];
  const rows: FileVersion[] = [];
  for (const file of new Set(all)) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (!there) continue;
    const old = named.has(file) || /config\.(defaults|user)\.toml$/.test(file);
    rows.push({
      file,
      format_version: old ? '1.0' : configurationFormat,
      target: configurationFormat,
      status: old ? 'migrate' : 'current',
    });
  }
  return rows;
}
