import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { providerUnreachable } from './record.ts';

export interface GiteaOptions {
  /** `http://127.0.0.1:3000`. */
  readonly url: string;
  /** `owner/name` of the repository whose issues are the locks. */
  readonly repository: string;
  readonly token: string;
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The server's clock. */
  readonly now: number;
}

const page = 50;
const pauses = [1000, 2000, 4000];
const timeout = 5000;

/** The issues of one repository over Gitea's API v1 (20 §B2, §B4). */
export class GiteaRepository {
  readonly #options: GiteaOptions;
  readonly #labels = new Map<string, number>();

  constructor(options: GiteaOptions) {
    this.#options = options;
  }

  /** Open issues with a label that begins so, and the server's time. */
  async open(label: string): Promise<{ readonly issues: readonly Issue[]; readonly now: number }> {
    const issues: Issue[] = [];
    for (let number = 1; ; number++) {
      const answer = await this.#call(
        'GET',
        `issues?state=open&type=issues&limit=${page}&page=${number}&sort=oldest`,
      );
      const rows = answer.body as (Issue & { readonly labels?: readonly { readonly name: string }[] })[];
      issues.push(...rows.filter(({ labels = [] }) => labels.some(({ name }) => name.startsWith(label))));
      if (rows.length < page) return { issues, now: answer.now };
    }
  }

  async now(): Promise<number> {
    return (await this.#call('GET', 'labels?limit=1')).now;
  }

  /** @returns the number of the new issue */
  async create(title: string, body: string, label: string): Promise<number> {
    const labels = [await this.#label(label)];
    const answer = await this.#call('POST', 'issues', { title, body, labels });
    return (answer.body as Issue).number;
  }

  async edit(number: number, body: string): Promise<void> {
    await this.#call('PATCH', `issues/${number}`, { body });
  }

  async close(number: number, comment: string): Promise<void> {
    await this.#call('POST', `issues/${number}/comments`, { body: comment });
    await this.#call('PATCH', `issues/${number}`, { state: 'closed' });
  }

  /** The id of a label, made when the repository does not have it. */
  async #label(name: string): Promise<number> {
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    const { body } = await this.#call('GET', `labels?limit=${page}`);
    const found = (body as { readonly id: number; readonly name: string }[]).find(
      (label) => label.name === name,
    );
    const label = found ?? (await this.#call('POST', 'labels', { name, color: '#b60205' })).body;
    const { id } = label as { readonly id: number };
    this.#labels.set(name, id);
    return id;
  }

  /** Reading is tried again; what creates something is not, as the first try may have succeeded. */
  async #call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const pause = method === 'POST' ? undefined : pauses[attempt];
      try {
        const answer = await this.#once(method, path, body);
        if (answer.status < 500) return this.#checked(answer);
        if (pause === undefined) throw providerUnreachable('gitea');
      } catch (error) {
        if (error instanceof ProvisioningError) throw error;
        if (pause === undefined || refused(error)) throw providerUnreachable('gitea', error);
      }
      await delay(pause);
    }
  }

  async #once(method: string, path: string, body?: object): Promise<Answer> {
    const { url, repository, token } = this.#options;
    const response = await fetch(`${url.replace(/\/$/, '')}/api/v1/repos/${repository}/${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeout),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const date = Date.parse(response.headers.get('date') ?? '');
    return {
      status: response.status,
      now: Number.isNaN(date) ? Date.now() : date,
      body: text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : text,
    };
  }

  #checked(answer: Answer): Answer {
    const { status } = answer;
    if (status < 400) return answer;
    const { repository } = this.#options;
    if (status === 401 || status === 403) {
      throw new ProvisioningError({
        code: 'GITEA_TOKEN_REFUSED',
        kind: 'permission',
        message:
          status === 401
            ? 'Gitea token is invalid or expired'
            : `The Gitea token may not write issues of ${repository}`,
        hint: 'Put a valid one into PROVISIONING_GITEA_TOKEN or the file of locking.gitea.token_path.',
      });
    }
    throw new ProvisioningError({
      code: status === 404 ? 'GITEA_REPOSITORY_NOT_FOUND' : 'GITEA_REFUSED',
      kind: status === 404 ? 'not-found' : 'unavailable',
      message:
        status === 404
          ? `Gitea has no repository ${repository}, or its issues are turned off`
          : `Gitea refused the request (${status})`,
      hint: 'The repository of the locks is locking.gitea.repository.',
    });
  }
}

/** Nobody listens there; waiting does not help. */
function refused(error: unknown): boolean {
  return ((error as { cause?: { code?: string } }).cause?.code ?? '') === 'ECONNREFUSED';
}
