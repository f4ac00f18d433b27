import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { CallOptions } from '../oci/target.ts';
import { type ClientOptions, RegistryClient } from './client.ts';
import { nextPage } from './paging.ts';
import { RemoteRepository, stringList } from './repository.ts';
import type { UploadOptions } from './upload.ts';

const rememberedRepositories = 64;

/** A remote registry: its repositories, and what it says of itself. */
export class RemoteRegistry {
  readonly client: RegistryClient;
  readonly #upload: UploadOptions;
  readonly #repositories = new Map<string, RemoteRepository>();

  constructor(
    host: string,
    options: ClientOptions & Pick<UploadOptions, 'chunkBytes' | 'uploadRetries'> = {},
  ) {
    this.client = new RegistryClient(host, options);
    this.#upload = options;
  }

  /** The same object for the same name, as long as few are in use: what one step of a command read, the next need not. */
  repository(name: string): RemoteRepository {
    const known = this.#repositories.get(name);
    if (known !== undefined) return known;
    const { chunkBytes, uploadRetries } = this.#upload;
    const repository = new RemoteRepository(this.client, name, {
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
      ...(uploadRetries === undefined ? {} : { uploadRetries }),
    });
    if (this.#repositories.size >= rememberedRepositories) this.#repositories.clear();
    this.#repositories.set(name, repository);
    return repository;
  }

  /** `GET /v2/` with credentials. @throws ProvisioningError `UNAUTHORIZED`, `REGISTRY_PROTOCOL` and those of a connection. */
  async ping(options: CallOptions = {}): Promise<void> {
    const response = await this.client.read({ ...options, method: 'GET', target: 'v2/', accept: [200, 404] });
    if (response.status === 200) return;
    throw new ProvisioningError({
      code: 'NOT_A_REGISTRY',
      message: `${this.client.host} is not an OCI registry: /v2/ answers ${response.status}`,
      hint: 'check the address and the port',
    });
  }

  /**
   * Names of the repositories, all pages. Harbor denies the catalog to ordinary users; its projects are asked then.
   * @param under only repositories below this namespace.
   * @throws ProvisioningError `CATALOG_UNSUPPORTED`, `UNAUTHORIZED`.
   */
  async catalog(options: CallOptions & { readonly under?: string } = {}): Promise<readonly string[]> {
    const { under, ...call } = options;
    const found = new Set<string>();
    let target: string | URL | undefined = 'v2/_catalog?n=1000';
    for (let page = 0; target !== undefined && page < 10_000; page++) {
      const response: Awaited<ReturnType<RegistryClient['read']>> = await this.client.read({
        ...call,
        method: 'GET',
        target,
        scopes: ['registry:catalog:*'],
        accept: [200, 401, 403, 404, 405],
      });
      if (response.status !== 200) return this.#harborCatalog(under, call);
      const before = found.size;
      for (const name of stringList(response.body, 'repositories')) found.add(name);
      target = found.size === before ? undefined : nextPage(response, this.client);
    }
    return inside(found, under);
  }

  async #harborCatalog(under: string | undefined, options: CallOptions): Promise<readonly string[]> {
    const project = under?.split('/')[0];
    const found = new Set<string>();
    for (let page = 1; project !== undefined && page < 1000; page++) {
      const response = await this.client.read({
        ...options,
        method: 'GET',
        target: `api/v2.0/projects/${encodeURIComponent(project)}/repositories?page_size=100&page=${page}`,
        accept: [200, 400, 401, 403, 404, 405],
      });
      if (response.status !== 200) break;
      const names = repositoryNames(response.body);
      for (const name of names) found.add(name);
      if (names.length < 100) return inside(found, under);
    }
    // Who may not enter at all is told so; the list is not what is missing.
    await this.ping(options);
    throw new ProvisioningError({
      code: 'CATALOG_UNSUPPORTED',
      message: `Registry ${this.client.host} does not list repositories; use the extension registry service`,
    });
  }

  /** Ends idle connections. */
  close(): void {
    this.client.connections.close();
  }
}

function inside(names: Iterable<string>, under: string | undefined): readonly string[] {
  return [...names].filter((name) => under === undefined || name.startsWith(`${under}/`)).sort();
}

function repositoryNames(body: Buffer): readonly string[] {
  try {
    const list: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(list)
      ? list.map((entry: { name?: unknown }) => entry.name).filter((name) => typeof name === 'string')
      : [];
  } catch {
    return [];
  }
}
