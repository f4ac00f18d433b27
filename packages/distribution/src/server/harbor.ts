import { ProvisioningError, type Secret } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../oci/target.ts';
import type { RemoteRegistry } from '../remote/registry.ts';
import type { NamespacePolicy } from './retention.ts';

/** What Harbor's installer sets when nobody chooses (09 §9); nothing is prepared while it holds. */
const defaultPassword = 'Harbor12345';

/** @throws ProvisioningError `DEFAULT_PASSWORD`, exit 4. */
export function refuseDefaultPassword(password: Secret): void {
  if (password.reveal() !== defaultPassword) return;
  throw new ProvisioningError({
    code: 'DEFAULT_PASSWORD',
    kind: 'permission',
    message: "Harbor's default password is not accepted",
    hint: 'change the password of admin in Harbor first, then run the command again',
  });
}

/** Prepares Harbor by its API: projects with access and retention, and robot accounts. Repeating it changes nothing more. */
export class HarborAdministration {
  readonly #registry: RemoteRegistry;
  readonly #call: CallOptions;

  /** @param registry a connection whose credentials are those of an administrator. */
  constructor(registry: RemoteRegistry, call: CallOptions = {}) {
    this.#registry = registry;
    this.#call = call;
  }

  /** A project for each namespace, with its access and its retention rules. @returns names of the projects. */
  async prepare(policies: readonly NamespacePolicy[]): Promise<readonly string[]> {
    // A namespace may be `project/folder`; the first policy of a project is the one it gets.
    const projects = new Map<string, NamespacePolicy>();
    for (const policy of policies) {
      const project = policy.namespace.split('/')[0]!;
      if (!projects.has(project)) projects.set(project, policy);
    }
    for (const [project, policy] of projects) {
      const metadata = { public: String(policy.publicRead) };
      const made = await this.#send('POST', 'projects', { project_name: project, metadata }, [201, 409]);
      const path = `projects/${encodeURIComponent(project)}`;
      if (made.status === 409) await this.#send('PUT', path, { metadata }, [200]);
      const { project_id: id, metadata: held } = (await this.#send('GET', path, undefined, [200]))
        .document as { readonly project_id: number; readonly metadata?: { readonly retention_id?: string } };
      const retention = held?.retention_id;
      const document = retentionOf(policy, id);
      if (retention === undefined) await this.#send('POST', 'retentions', document, [201]);
      else await this.#send('PUT', `retentions/${retention}`, { id: Number(retention), ...document }, [200]);
    }
    return [...projects.keys()];
  }

  /**
   * Makes an account for programs that may pull from and push to the projects.
   * @returns the name it logs in with, and its secret, which Harbor tells once.
   * @throws ProvisioningError `ROBOT_EXISTS`, exit 1.
   */
  async robot(
    name: string,
    projects: readonly string[],
  ): Promise<{ readonly name: string; readonly secret: string }> {
    const access = ['pull', 'push'].map((action) => ({ resource: 'repository', action }));
    const answer = await this.#send(
      'POST',
      'robots',
      {
        ...{ name, description: 'made by provisioning oci-registry init', level: 'system' },
        ...{ duration: -1, disable: false },
        permissions: projects.map((namespace) => ({ kind: 'project', namespace, access })),
      },
      [201, 409],
    );
    if (answer.status === 201) return answer.document as { readonly name: string; readonly secret: string };
    throw new ProvisioningError({
      code: 'ROBOT_EXISTS',
      message: `The robot account ${name} is there already`,
      hint: 'choose another name, or delete it in Harbor; its secret is told only once',
    });
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    document: object | undefined,
    accept: readonly number[],
  ): Promise<{ readonly status: number; readonly document: unknown }> {
    const response = await this.#registry.client.read({
      ...this.#call,
      method,
      target: `api/v2.0/${path}`,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(document === undefined ? {} : { body: () => Buffer.from(JSON.stringify(document)) }),
      accept: [...accept, 400, 401, 403, 404, 412, 422],
      basic: true,
    });
    const { status } = response;
    if (accept.includes(status)) {
      const text = response.body.toString('utf8');
      return {
        status,
        document: method === 'PUT' || text.trim() === '' ? undefined : parse(text, this.#registry),
      };
    }
    const denied = status === 401 || status === 403;
    throw new ProvisioningError({
      code: denied ? 'HARBOR_DENIED' : 'HARBOR_FAILED',
      ...(denied ? { kind: 'permission' as const } : {}),
      message: `Harbor at ${this.#registry.client.host} answers ${status} to ${method} ${path}`,
      hint: denied
        ? 'give the password of the account admin'
        : 'see that the registry is Harbor 2.9 or later',
    });
  }
}

function parse(text: string, registry: RemoteRegistry): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProvisioningError({
      code: 'NOT_HARBOR',
      message: `${registry.client.host} does not answer as Harbor does`,
      hint: 'set oci.registry to the address of Harbor',
      cause: error,
    });
  }
}

/** Tags are kept when any rule keeps them: the newest, the young, and those that no policy takes away. */
function retentionOf({ keepTags, keepDays }: NamespacePolicy, project: number): object {
  const rule = (template: string, params: Readonly<Record<string, number>>, pattern: string): object => ({
    action: 'retain',
    template,
    params,
    tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern, extras: '{"untagged":false}' }],
    scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
  });
  return {
    algorithm: 'or',
    rules: [
      rule('latestPushedK', { latestPushedK: keepTags }, '**'),
      rule('nDaysSinceLastPush', { nDaysSinceLastPush: keepDays }, '**'),
      rule('always', {}, '{latest,sha256-*,sha512-*}'),
    ],
    trigger: { kind: 'Schedule', settings: { cron: '0 0 3 * * *' } },
    scope: { level: 'project', ref: project },
  };
}
