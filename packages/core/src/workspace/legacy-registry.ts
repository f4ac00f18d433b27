import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../config/merge.ts';

/** One registered workspace (03 §3). */
export interface RegisteredWorkspace {
  readonly name: string;
  readonly path: string;
  readonly last_used: string;
  readonly default_infra?: string;
  /** Set by `env set`. */
  readonly environment?: string;
}

/** Workspaces recorded by older versions: `ws_<name>.yaml` and `workspaces.yaml` (03 §3). Read, never written. */
export async function legacyWorkspaces(userConfig: string): Promise<RegisteredWorkspace[]> {
  const names: string[] = await readdir(userConfig).catch(() => []);
  const found: RegisteredWorkspace[] = [];
  for (const name of names.filter((file) => /^ws_.+\.yaml$/.test(file)).sort()) {
    const workspace = record(await load(path.join(userConfig, name)))['workspace'];
    add(found, workspace);
  }
  if (names.includes('workspaces.yaml')) {
    const list = record(await load(path.join(userConfig, 'workspaces.yaml')))['workspaces'];
    if (Array.isArray(list)) for (const item of list) add(found, item);
    else for (const [name, item] of Object.entries(record(list))) add(found, { name, ...record(item) });
  }
  return found;
}

function add(found: RegisteredWorkspace[], value: unknown): void {
  const { name, path: where, last_used: used } = record(value);
  if (typeof name !== 'string' || typeof where !== 'string' || !path.isAbsolute(where)) return;
  if (found.some((known) => known.name === name)) return;
  found.push({ name, path: where, last_used: typeof used === 'string' ? used : '' });
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

/** A damaged legacy file is no reason to stop: it is only looked at for workspaces to offer. */
async function load(file: string): Promise<unknown> {
  return readFile(file, 'utf8').then(
    (text) => {
      try {
        return parse(text) as unknown;
      } catch {
        return undefined;
      }
    },
    () => undefined,
  );
}
