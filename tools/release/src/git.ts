import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs git in a repository. @throws when it fails. */
export async function git(root: string, ...words: string[]): Promise<string> {
  const { stdout } = await run('git', words, { cwd: root, maxBuffer: 1 << 26 });
  return stdout.trim();
}
