import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import type { Surroundings } from '../config/surroundings.ts';
import { type InitResult, initWorkspace } from './init.ts';

/** The user's home folder, the surroundings of commands in it, and the workspace `demo` made there. */
export let home: string;
export let surroundings: Surroundings;
export let made: InitResult;
export const version = '0.1.0';
export const at = (...parts: string[]): string => path.join(made.path, ...parts);

/** Gives every test of a file a workspace of its own. */
export function useWorkspace(): void {
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'workspace-'));
    surroundings = {
      env: { PATH: process.env['PATH'], USER: 'alice' },
      cwd: home,
      home,
      platform: 'linux',
      installation: '/opt/provisioning',
      now: () => new Date(),
    };
    made = await initWorkspace({ surroundings, version, target: 'demo', template: 'demo', activate: true });
  });
  afterEach(async () => {
    execFileSync('chmod', ['-R', 'u+w', home]);
    await rm(home, { recursive: true, force: true });
  });
}

/** Everything of a tree that counts: names, modes, content. */
export async function fingerprint(root: string, without: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  const walk = async (folder: string): Promise<void> => {
    for (const entry of (await readdir(path.join(root, folder), { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const name = path.join(folder, entry.name);
      if (without.includes(name)) continue;
      hash.update(`${name} ${(await stat(path.join(root, name))).mode.toString(8)}\n`);
      if (entry.isDirectory()) await walk(name);
      else hash.update(await readFile(path.join(root, name)));
    }
  };
  await walk('');
  return hash.digest('hex');
}
