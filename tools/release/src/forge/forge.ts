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

/** Releases of a repository on GitHub or Gitea, whose APIs agree in all that is used here. */
export class Forge {
  readonly #options: ForgeOptions;

  constructor(options: ForgeOptions) {
    this.#options = options;
  }

  /** The release of a tag, drafts included. */
  async find(tag: string): Promise<ForgeRelease | undefined> {
    const all = await this.#json<ForgeRelease[]>('GET', 'releases?per_page=100&limit=50');
    return all.find((release) => release.tag_name === tag);
  }

  async createDraft(tag: string, notes: string, prerelease: boolean): Promise<ForgeRelease> {
    return this.#json<ForgeRelease>('POST', 'releases', {
      tag_name: tag,
      name: tag,
      body: notes,
      draft: true,
      prerelease,
    });
  }

  async assets({ id }: ForgeRelease): Promise<readonly Asset[]> {
    return this.#json<Asset[]>('GET', `releases/${id}/assets?per_page=100`);
  }

  async upload(release: ForgeRelease, name: string, content: Uint8Array): Promise<Asset> {
    const address = `${release.upload_url.replace(/\{.*$/, '')}?name=${encodeURIComponent(name)}`;
    const response = await this.#request('POST', address, content, 'application/octet-stream');
    return (await response.json()) as Asset;
  }

  async removeAsset({ id: release }: ForgeRelease, { id }: Asset): Promise<void> {
    const isGitea = this.#options.api.endsWith('/api/v1');
    await this.#request(
      'DELETE',
      this.#address(isGitea ? `releases/${release}/assets/${id}` : `releases/assets/${id}`),
    );
  }

  async update(
    { id }: ForgeRelease,
    change: { readonly draft?: boolean; readonly body?: string; readonly prerelease?: boolean },
  ): Promise<void> {
    await this.#json('PATCH', `releases/${id}`, change);
  }

  #address(path: string): string {
    return `${this.#options.api}/repos/${this.#options.repository}/${path}`;
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const response = await this.#request(method, this.#address(path), text, 'application/json');
    return (await response.json()) as T;
  }

  async #request(method: string, address: string, body?: Uint8Array, type?: string): Promise<Response> {
    const { token } = this.#options;
    const response = await fetch(address, {
      method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || type === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    }).catch((error: unknown) => {
      throw new TemporaryError(`${method} ${address}: ${describe(error)}`);
    });
    if (response.ok) return response;
    const message = `${method} ${address} answered ${response.status}: ${(await response.text()).slice(0, 200)}`;
    if (response.status === 401 || response.status === 403)
      throw new AuthenticationError(
        message,
        'gh auth refresh, or set the token of the forge in release.toml (token_env)',
      );
    if (response.status >= 500 || response.status === 429 || response.status === 408)
      throw new TemporaryError(message);
    throw new Error(message);
  }
}

function describe(error: unknown): string {
  const cause = (error as { cause?: { code?: string } }).cause?.code;
  return cause ?? (error instanceof Error ? error.message : String(error));
}
