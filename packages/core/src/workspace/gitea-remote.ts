import { ProvisioningError } from '@provisioning/extensions-sdk';
import { useCredentials } from './git.ts';
import { giteaAccess } from './locks/provider.ts';

/** Organisation whose repositories are workspaces (03 §14). */
const owner = 'workspaces';

/**
 * Makes the repository `workspaces/<name>` in Gitea, or takes the one there is, and lets git in the workspace find the
 * token when it needs one: it never becomes part of an address or a file of the repository.
 * @returns the address of the repository
 * @throws ProvisioningError `GITEA_TOKEN_MISSING` (4), `GITEA_UNREACHABLE`, `GITEA_REFUSED` (1)
 */
export async function giteaRemote(
  workspace: { readonly name: string; readonly path: string },
  configuration: Parameters<typeof giteaAccess>[0],
  env: Parameters<typeof giteaAccess>[1],
): Promise<string> {
  const { url, token, token_path: file } = giteaAccess(configuration, env);
  const base = url.replace(/\/$/, '');
  const post = async (path: string, body: object): Promise<number> => {
    const response = await fetch(`${base}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
      body: JSON.stringify(body),
    }).catch((cause: unknown) => {
      throw new ProvisioningError({
        code: 'GITEA_UNREACHABLE',
        kind: 'unavailable',
        message: `Gitea is unreachable at ${base}`,
        hint: 'Its address is locking.gitea.url.',
        cause,
      });
    });
    await response.body?.cancel();
    return response.status;
  };
  const repository = { name: workspace.name, private: true };
  let status = await post(`orgs/${owner}/repos`, repository);
  if (status === 404) {
    await post('orgs', { username: owner });
    status = await post(`orgs/${owner}/repos`, repository);
  }
  // 409: it is there already.
  if (status >= 400 && status !== 409) {
    throw new ProvisioningError({
      code: 'GITEA_REFUSED',
      kind: status === 401 || status === 403 ? 'permission' : 'unavailable',
      message: `Gitea did not make the repository ${owner}/${workspace.name} (${status})`,
      hint: `The token needs the right to write the organisation ${owner}.`,
    });
  }
  const kept = file === undefined ? '' : `$(cat '${file.replaceAll("'", "'\\''")}')`;
  const password = `$\{PROVISIONING_GITEA_TOKEN:-${kept}}`;
  await useCredentials(workspace.path, base, `echo username=provisioning; echo "password=${password}"`);
  return `${base}/${owner}/${workspace.name}.git`;
}
