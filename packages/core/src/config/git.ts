import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** Folder of the repository's data for a work tree, `.git` files of linked work trees included. */
async function gitFolder(directory: string): Promise<string | undefined> {
  const entry = path.join(directory, '.git');
  const found = await stat(entry).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isDirectory()) return entry;
  const link = /^gitdir:\s*(.+)$/m.exec(await readFile(entry, 'utf8'))?.[1];
  return link === undefined ? undefined : path.resolve(directory, link.trim());
}

/** The nearest directory upwards that is the root of a work tree. */
export async function workTree(from: string): Promise<string | undefined> {
  for (let directory = from; ; directory = path.dirname(directory)) {
    if ((await gitFolder(directory)) !== undefined) return directory;
    if (directory === path.dirname(directory)) return undefined;
  }
}

/** The checked-out branch, read from `HEAD` without starting git; `undefined` when detached or no repository. */
export async function gitBranch(directory: string): Promise<string | undefined> {
  const folder = await gitFolder(directory);
  if (folder === undefined) return undefined;
  const head = await readFile(path.join(folder, 'HEAD'), 'utf8').catch(() => '');
  return /^ref:\s*refs\/heads\/(.+)$/m.exec(head)?.[1]?.trim();
}

/** `git.branch`, `git.commit`, `git.tag` of `{{…}}`; what there is not is left out (02 §7). */
export async function gitFacts(directory: string): Promise<Record<string, string>> {
  const root = await workTree(directory);
  if (root === undefined) return {};
  const [branch, commit, tag] = await Promise.all([
    gitBranch(root),
    git(root, ['rev-parse', 'HEAD']),
    git(root, ['describe', '--tags', '--exact-match', 'HEAD']),
  ]);
  return {
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
    ...(tag === undefined ? {} : { tag }),
  };
}

function git(directory: string, parameters: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('git', ['-C', directory, ...parameters], { timeout: 5000 }, (error, stdout) => {
      resolve(error === null && stdout.trim() !== '' ? stdout.trim() : undefined);
    });
  });
}
