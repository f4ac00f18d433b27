import { GitHost } from '@provisioning/distribution';
import { ProvisioningError, Secret } from '@provisioning/extensions-sdk';
import { AuthenticationError } from '../config.ts';

export interface Asset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** `sha256:…` where the service says it. */
  readonly digest?: string | null;
}

export interface ForgeRelease {
  readonly id: number;
  readonly draft: boolean;
  readonly tag_name: string;
  readonly upload_url: string;
  readonly assets: readonly Asset[];
}

export interface ForgeOptions {
  /** `https://api.github.com`, `https://gitea.example.org/api/v1`. */
  readonly api: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token?: string;
}

/** An answer that may be another one the next time. */
export class TemporaryError extends Error {}

/** Writes releases of a repository on GitHub or Gitea, whose APIs agree in all that is used here. */
export class Forge {
  readonly #host: GitHost;
  readonly #path: string;

  constructor({ api, repository, token }: ForgeOptions) {
    const gitea = /^(.*)\/api\/v1\/?$/.exec(api)?.[1];
    this.#host = new GitHost({
      kind: gitea === undefined ? 'github' : 'gitea',
      url: gitea ?? api,
      organization: repository.split('/')[0]!,
      ...(token === undefined ? {} : { token: new Secret(token) }),
    });
    this.#path = `/repos/${repository}/releases`;
  }

  /** The release of a tag, drafts included. */
  async find(tag: string): Promise<ForgeRelease | undefined> {
    const all = await this.#calling(() => this.#host.pages<ForgeRelease>(this.#path));
    return all?.find((release) => release.tag_name === tag);
  }

  async createDraft(tag: string, notes: string, prerelease: boolean): Promise<ForgeRelease> {
    const body = { tag_name: tag, name: tag, body: notes, draft: true, prerelease };
    return (await this.#send('POST', this.#path, body)).json() as Promise<ForgeRelease>;
  }

  async assets({ id }: ForgeRelease): Promise<readonly Asset[]> {
    return (await this.#calling(() => this.#host.pages<Asset>(`${this.#path}/${id}/assets`))) ?? [];
  }

  async upload(release: ForgeRelease, name: string, content: Uint8Array): Promise<Asset> {
    const address = `${release.upload_url.replace(/\{.*$/, '')}?name=${encodeURIComponent(name)}`;
    const response = await this.#send('POST', address, content as Uint8Array<ArrayBuffer>);
    return (await response.json()) as Asset;
  }

  async removeAsset({ id: release }: ForgeRelease, { id }: Asset): Promise<void> {
    const of = this.#host.kind === 'gitea' ? `/${release}` : '';
    await (await this.#send('DELETE', `${this.#path}${of}/assets/${id}`)).body?.cancel();
  }

  async update(
    { id }: ForgeRelease,
    change: { readonly draft?: boolean; readonly body?: string; readonly prerelease?: boolean },
  ): Promise<void> {
    await (await this.#send('PATCH', `${this.#path}/${id}`, change)).body?.cancel();
  }

  #send(...request: Parameters<GitHost['send']>): Promise<Response> {
    return this.#calling(async () => {
      const response = await this.#host.send(...request);
      if (!response.ok) throw new Error(`${request[0]} ${request[1]} answered ${response.status}`);
      return response;
    });
  }

  /** Sorts failures into those that may pass, those of the token, and the rest. */
  async #calling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof TypeError) throw new TemporaryError(networkFailure(error), { cause: error });
      if (!(error instanceof ProvisioningError)) throw error;
      if (error.retryable) throw new TemporaryError(`The forge ${message}`, { cause: error });
      if (error.kind !== 'permission') throw new Error(`The forge ${message}`, { cause: error });
      throw new AuthenticationError(
        `The forge refuses: ${message}`,
        'gh auth refresh, or set the token of the forge in release.toml (token_env)',
      );
    }
  }
}

/** `fetch` says only that it failed; why is in the cause. */
function networkFailure(error: TypeError): string {
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  return `The forge cannot be reached: ${code ?? error.message}`;
}
