import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type Ended, Sandbox } from '../../test/sandbox.ts';

/** The home of a user who has the workspace `demo`, and where that is. */
export let sandbox: Sandbox;
export let workspace: string;
export const at = (file: string): string => join(workspace, file);
export const user = (file: string): string => join(sandbox.folder, 'config/provisioning', file);

/** Files a test wrote, with what was there before; each test leaves the workspace as it was. */
const before = new Map<string, string | undefined>();
export const put = (file: string, text: string): void => {
  if (!before.has(file)) before.set(file, existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
export const cli = (...words: string[]): Promise<Ended> => sandbox.run(words);

export async function json<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await sandbox.run([...words, '--out', 'json']);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Gives the tests of a file one workspace. */
export function useSandbox(): void {
  beforeAll(async () => {
    sandbox = await Sandbox.make();
    workspace = join(sandbox.folder, 'workspaces/demo');
    expect((await cli('workspace', 'init', 'demo', '--template', 'demo', '--activate')).code).toBe(0);
  }, 60_000);
  afterEach(() => {
    for (const [file, text] of before) {
      if (text === undefined) rmSync(file, { force: true });
      else writeFileSync(file, text);
    }
    before.clear();
  });
  afterAll(() => sandbox.remove());
}
