import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { looksEncrypted } from '../config/cipher.ts';
import { parseDocument } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import type { Surroundings } from '../config/surroundings.ts';
import { isWorkspace } from '../config/definition-formats.ts';
import { registerWorkspace } from './manage.ts';

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git without prompts. Tokens never become part of a URL: credential helpers hand them over (03 §14). */
function git(directory: string, parameters: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
    execFile(
      'git',
      ['-C', directory, ...parameters],
      { env, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') {
          reject(
            new ProvisioningError({
              code: 'GIT_NOT_FOUND',
              message: 'git not found',
              hint: 'Install git, then run the command again.',
            }),
          );
          return;
        }
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

async function must(directory: string, parameters: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await git(directory, parameters);
  if (code === 0) return stdout.trim();
  throw new ProvisioningError({
    code: 'GIT_FAILED',
    message: `git ${parameters.find((word, index) => word !== '-c' && parameters[index - 1] !== '-c') ?? ''} failed: ${redactUrls(stderr.trim().split('\n')[0] ?? '')}`,
  });
}

function redactUrls(text: string): string {
  return text.replaceAll(/(https?:\/\/)[^/@\s]+@/g, '$1***@');
}

/** Commit and cleanliness of a work tree; `null` when it is none. */
export async function gitState(
  directory: string,
): Promise<{ readonly commit: string; readonly dirty: boolean } | null> {
  const head = await git(directory, ['rev-parse', 'HEAD']).catch(() => undefined);
  if (head?.code !== 0) return null;
  const status = await git(directory, ['status', '--porcelain']);
  return { commit: head.stdout.trim(), dirty: status.stdout.trim() !== '' };
}

/** `git init` with a first commit, unless the workspace is a repository already. */
export async function initRepository(workspace: string, remote?: string): Promise<void> {
  const isRepository = await stat(path.join(workspace, '.git')).then(
    () => true,
    () => false,
  );
  if (!isRepository) await must(workspace, ['init', '-b', 'main']);
  if (remote !== undefined) {
    const known = await git(workspace, ['remote', 'get-url', 'origin']);
    await must(workspace, ['remote', known.code === 0 ? 'set-url' : 'add', 'origin', remote]);
  }
  await pushable(workspace);
  await must(workspace, ['add', '--all']);
  const staged = await git(workspace, ['diff', '--cached', '--quiet']);
  if (staged.code !== 0)
    await must(workspace, [...(await identity(workspace)), 'commit', '-m', 'Create the workspace']);
}

/** Commits carry a name also where git has none configured: that of the user on this machine. */
async function identity(directory: string): Promise<string[]> {
  const configured = await git(directory, ['config', 'user.email']);
  if (configured.code === 0 || (process.env['GIT_AUTHOR_EMAIL'] ?? '') !== '') return [];
  const { username } = userInfo();
  return ['-c', `user.name=${username}`, '-c', `user.email=${username}@${hostname()}`];
}

/** Lets git ask a shell script for what opens an address; the script says where a token is, not what it is. */
export async function useCredentials(workspace: string, url: string, script: string): Promise<void> {
  const helper = `!f() { test "$1" = get && { ${script}; }; }; f`;
  await must(workspace, ['config', `credential.${url}.helper`, helper]);
}

/** Whether a repository can be reached and has the tag. */
export async function remoteHasTag(url: string, tag: string): Promise<boolean> {
  const { code } = await git('.', ['ls-remote', '--exit-code', '--tags', '--', url, `refs/tags/${tag}`]);
  return code === 0;
}

/** A tag of a repository as files, without its history. */
export async function cloneTag(url: string, tag: string, target: string): Promise<void> {
  const quiet = ['-c', 'advice.detachedHead=false'];
  await must('.', [...quiet, 'clone', '--quiet', '--depth', '1', '--branch', tag, '--', url, target]);
}

/** Clones a workspace and registers it under its directory's name. */
export async function cloneWorkspace(
  surroundings: Surroundings,
  url: string,
  directory: string,
  options: { readonly depth?: number } = {},
): Promise<{ readonly name: string; readonly path: string }> {
  const where = path.resolve(surroundings.cwd, directory);
  if ((await readdir(where).catch(() => [])).length > 0) {
    throw new ProvisioningError({
      code: 'PATH_IN_USE',
      kind: 'conflict',
      message: `Path is not free: ${where}`,
    });
  }
  await mkdir(path.dirname(where), { recursive: true });
  await must(path.dirname(where), [
    'clone',
    ...(options.depth === undefined ? [] : ['--depth', String(options.depth)]),
    '--',
    url,
    where,
  ]);
  if (!isWorkspace(where)) {
    throw new ProvisioningError({
      code: 'NOT_A_WORKSPACE',
      kind: 'configuration',
      message: `The repository is no workspace: ${redactUrls(url)}`,
    });
  }
  return registerWorkspace(surroundings, path.basename(where), where);
}

export interface PushResult {
  readonly committed: boolean;
  readonly pushed: boolean;
}

/**
 * Stages, scans for plain secrets, commits, pushes. Nothing to do is no error.
 * @throws ProvisioningError `PLAIN_SECRET` naming file and key (03.A17)
 */
export async function pushWorkspace(
  workspace: string,
  message = 'Update the workspace',
): Promise<PushResult> {
  await pushable(workspace);
  await must(workspace, ['add', '--all']);
  const staged = await git(workspace, ['diff', '--cached', '--quiet']);
  const committed = staged.code !== 0;
  if (committed) await must(workspace, [...(await identity(workspace)), 'commit', '-m', message]);
  const ahead = await git(workspace, ['rev-list', '--count', '@{upstream}..HEAD']);
  if (ahead.code === 0 && ahead.stdout.trim() === '0') return { committed, pushed: false };
  await must(workspace, ['push', ...(ahead.code === 0 ? [] : ['--set-upstream']), 'origin', 'HEAD']);
  return { committed, pushed: true };
}

/** Fast-forwards. @throws ProvisioningError `GIT_LOCAL_CHANGES`, `GIT_DIVERGED` with the files */
export async function pullWorkspace(workspace: string): Promise<{ readonly changed: boolean }> {
  const status = await must(workspace, ['status', '--porcelain']);
  if (status !== '') throw refused('GIT_LOCAL_CHANGES', 'There are local changes', status);
  await must(workspace, ['fetch', 'origin']);
  const before = await must(workspace, ['rev-parse', 'HEAD']);
  const merge = await git(workspace, ['merge', '--ff-only', '@{upstream}']);
  if (merge.code !== 0) {
    const files = await git(workspace, ['diff', '--name-only', 'HEAD...@{upstream}']);
    throw refused('GIT_DIVERGED', 'The branches have diverged', files.stdout);
  }
  return { changed: (await must(workspace, ['rev-parse', 'HEAD'])) !== before };
}

/** `workspace sync`: pull, then push. */
export async function syncWorkspace(
  workspace: string,
  message?: string,
): Promise<PushResult & { readonly changed: boolean }> {
  const { changed } = await pullWorkspace(workspace);
  return { changed, ...(await pushWorkspace(workspace, message)) };
}

function refused(code: string, message: string, files: string): ProvisioningError {
  const list = files
    .trim()
    .split('\n')
    .map((line) => line.trim());
  return new ProvisioningError({
    code,
    kind: 'conflict',
    message: `${message}: ${list.join(', ')}`,
    details: { files: list },
  });
}

/** `workspace branch`: create, switch, list, delete. */
export const branches = {
  async list(workspace: string): Promise<{ readonly name: string; readonly current: boolean }[]> {
    const text = await must(workspace, ['branch', '--format', '%(HEAD)|%(refname:short)']);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ name: line.slice(line.indexOf('|') + 1), current: line.startsWith('*') }));
  },
  async create(workspace: string, name: string): Promise<void> {
    await must(workspace, ['branch', '--', name]);
  },
  async switch(workspace: string, name: string): Promise<void> {
    const status = await must(workspace, ['status', '--porcelain']);
    if (status !== '') throw refused('GIT_LOCAL_CHANGES', 'There are uncommitted changes', status);
    await must(workspace, ['switch', name]);
  },
  async delete(workspace: string, name: string, force = false): Promise<void> {
    const current = (await branches.list(workspace)).find((branch) => branch.current);
    if (current?.name === name) {
      throw new ProvisioningError({
        code: 'GIT_CURRENT_BRANCH',
        kind: 'conflict',
        message: `Branch '${name}' is checked out and stays`,
      });
    }
    await must(workspace, ['branch', force ? '-D' : '-d', '--', name]);
  },
};

export async function gitStatus(workspace: string): Promise<string> {
  return must(workspace, ['status', '--short', '--branch']);
}

export async function gitDiff(workspace: string, staged = false): Promise<string> {
  return must(workspace, ['diff', ...(staged ? ['--staged'] : [])]);
}

const sensitive = /(^|[_-])(password|passwd|secret|token|api[_-]?key|private[_-]?key|secret[_-]?key)$/i;

/** Refuses when a file that would be committed holds a plain secret. */
async function pushable(workspace: string): Promise<void> {
  const listed = await git(workspace, ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  for (const name of listed.stdout.split('\0').filter((file) => /\.(toml|ya?ml|json)$/.test(file))) {
    const key = await plainSecret(path.join(workspace, name));
    if (key === undefined) continue;
    throw new ProvisioningError({
      code: 'PLAIN_SECRET',
      message: `Refusing to commit unencrypted secret: ${name}:${key}`,
      hint: `Encrypt it with: provisioning config encrypt ${name}`,
      location: { file: path.join(workspace, name), key },
    });
  }
}

/** Dotted key of the first plain secret of a file. References and expressions are none. */
export async function plainSecret(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || looksEncrypted(bytes)) return undefined;
  let value: unknown;
  try {
    value = parseDocument(bytes.toString('utf8'), file).value;
  } catch {
    return undefined;
  }
  return find(value, []);
}

function find(value: unknown, at: readonly string[]): string | undefined {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = find(item, [...at, String(index)]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(value)) {
    const plain =
      typeof value === 'string' &&
      value !== '' &&
      !value.includes('{{') &&
      !value.startsWith('${') &&
      !/^ENC\[/.test(value);
    return plain && sensitive.test(at.at(-1) ?? '') ? at.join('.') : undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    const found = find(item, [...at, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
