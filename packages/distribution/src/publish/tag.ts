import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { kindFolder, type PackageKind } from '../extension/kind.ts';

const run = promisify(execFile);

/** Git tag of a release: `{kinds}/{name}/v{version}` (S:5748-5753). */
export function releaseTag(kind: PackageKind, name: string, version: string): string {
  return `${kindFolder(kind)}/${name}/v${version}`;
}

/**
 * Makes the tag of a version at the current commit, and pushes it.
 * @returns `present` when the tag names this commit already.
 * @throws ProvisioningError `TAG_EXISTS` when it names another one; `GIT_FAILED`.
 */
export async function tagRelease(
  folder: string,
  tag: string,
  options: { readonly push?: boolean; readonly check?: boolean } = {},
): Promise<'created' | 'present' | 'would-create'> {
  const git = async (...words: readonly string[]): Promise<string> => {
    try {
      return (await run('git', [...words], { cwd: folder })).stdout.trim();
    } catch (error) {
      const text = (error as { stderr?: string }).stderr?.trim() ?? '';
      throw new ProvisioningError({
        code: 'GIT_FAILED',
        message: `git ${words[0]} failed in ${folder}: ${text.split('\n')[0] ?? ''}`,
        cause: error,
      });
    }
  };
  const head = await git('rev-parse', 'HEAD');
  const known = await git('rev-parse', '--verify', '--quiet', `refs/tags/${tag}^{commit}`).catch(() => '');
  if (known !== '' && known !== head) {
    throw new ProvisioningError({
      code: 'TAG_EXISTS',
      kind: 'conflict',
      message: `Tag ${tag} names another commit, ${known.slice(0, 12)}`,
      hint: 'raise the version',
    });
  }
  if (options.check === true) return known === '' ? 'would-create' : 'present';
  if (known === '') await git('tag', '-a', tag, '-m', tag);
  if (options.push === true) await git('push', 'origin', `refs/tags/${tag}`);
  return known === '' ? 'created' : 'present';
}
