import { Readable } from 'node:stream';
import {
  type PackageKind,
  packageKinds,
  type PackageManifest,
  readPackageManifest,
  readTokenFile,
} from '@provisioning/distribution';
import { ProvisioningError, type Secret } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { parse } from 'yaml';
import type { GitSettings } from '../service/settings.ts';
import type {
  Backend,
  BackendCall,
  BackendExtension,
  BackendKind,
  BackendPackage,
  BackendVersion,
} from './backend.ts';

const suffixes: Readonly<Record<PackageKind, string>> = {
  provider: '_prov',
  taskserv: '_taskserv',
  cluster: '_cluster',
};
const maxPages = 200;

interface Repository {
  readonly name: string;
  readonly description?: string | null;
  readonly topics?: readonly string[];
}
interface Release {
  readonly tag_name: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  readonly published_at?: string;
  readonly assets: readonly {
    readonly id: number;
    readonly name: string;
    readonly size: number;
    readonly browser_download_url: string;
    readonly url?: string;
  }[];
}

/** Releases of the repositories of one organization on Gitea, Forgejo or GitHub (10 §1). */
export class GitBackend implements Backend {
  readonly id: string;
  readonly kind: BackendKind;
  readonly class = 'source' as const;
  readonly url: string;
  readonly enabled: boolean;
  readonly timeoutSeconds: number;
  readonly channel: string;
  readonly #settings: GitSettings;
  readonly #token: Secret | undefined;
  readonly #api: string;
  #pausedUntil = 0;

  private constructor(kind: BackendKind, settings: GitSettings, token: Secret | undefined) {
    this.kind = kind;
    this.#settings = settings;
    this.#token = token;
    this.id = settings.id;
    this.url = settings.url;
    this.enabled = settings.enabled;
    this.timeoutSeconds = settings.timeout_seconds;
    this.channel = settings.channel;
    this.#api =
      kind === 'github' ? settings.url.replace(/\/+$/, '') : `${settings.url.replace(/\/+$/, '')}/api/v1`;
  }

  static async create(kind: BackendKind, settings: GitSettings, strictTokens: boolean): Promise<GitBackend> {
    const file = settings.token_path;
    return new GitBackend(
      kind,
      settings,
      file === undefined ? undefined : await readTokenFile(file, { strict: strictTokens }),
    );
  }

  async #get(path: string, call: BackendCall, accept = 'application/json'): Promise<Response> {
    if (Date.now() < this.#pausedUntil) throw limited(this.#pausedUntil);
    let url = new URL(path.startsWith('http') ? path : `${this.#api}${path}`);
    const home = new URL(this.#api).host;
    for (let hop = 0; hop < 6; hop++) {
      this.#checkHost(url);
      const scheme = this.kind === 'github' ? 'Bearer' : 'token';
      // The token is for the host it was made for; a redirect elsewhere goes without it.
      const authorization =
        this.#token === undefined || url.host !== home
          ? {}
          : { authorization: `${scheme} ${this.#token.reveal()}` };
      const response = await fetch(url, {
        redirect: 'manual',
        signal: call.signal,
        headers: { accept, 'user-agent': 'provisioning-extension-registry', ...authorization },
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null)
        return this.#checked(response);
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error('too many redirects');
  }

  /** Addresses come from configuration; what a release names must be there or on a host that was allowed. */
  #checkHost(url: URL): void {
    const home = new URL(this.#api);
    const known = url.host === home.host || this.#settings.allowed_asset_hosts.includes(url.host);
    const github =
      this.kind === 'github' && /(?:^|\.)(?:github\.com|githubusercontent\.com)$/.test(url.hostname);
    if (!known && !github) throw new Error(`an asset points to ${url.host}, which is not allowed`);
  }

  #checked(response: Response): Response {
    const spent = response.status === 403 && response.headers.get('x-ratelimit-remaining') === '0';
    if (response.status === 429 || spent) {
      const reset = Number(response.headers.get('x-ratelimit-reset')) * 1000;
      const after = Number(response.headers.get('retry-after')) * 1000;
      this.#pausedUntil = reset > Date.now() ? reset : Date.now() + (after > 0 ? after : 60_000);
      throw limited(this.#pausedUntil);
    }
    if (response.status === 404 || response.ok) return response;
    throw new Error(`answered ${response.status}`);
  }

  async #json<T>(path: string, call: BackendCall): Promise<T | undefined> {
    const response = await this.#get(path, call);
    if (response.status === 404) return undefined;
    return (await response.json()) as T;
  }

  async #repositories(call: BackendCall): Promise<readonly Repository[]> {
    const { organization } = this.#settings;
    const size = this.kind === 'github' ? 100 : 50;
    const limit = this.kind === 'github' ? 'per_page' : 'limit';
    const all: Repository[] = [];
    let owner = 'orgs';
    for (let page = 1; page <= maxPages; page++) {
      const found = await this.#json<Repository[]>(
        `/${owner}/${organization}/repos?${limit}=${size}&page=${page}`,
        call,
      );
      if (found === undefined && owner === 'orgs' && page === 1) {
        owner = 'users';
        page = 0;
        continue;
      }
      all.push(...(found ?? []));
      if ((found ?? []).length < size) break;
    }
    return all;
  }

  async list(call: BackendCall): Promise<readonly BackendExtension[]> {
    const wanted = (await this.#repositories(call)).flatMap((repository) => {
      const type = packageKinds.find((kind) => repository.name.endsWith(suffixes[kind]));
      return type === undefined ? [] : [{ type, repository }];
    });
    const found: (BackendExtension | undefined)[] = [];
    for (let start = 0; start < wanted.length; start += 8) {
      found.push(
        ...(await Promise.all(
          wanted
            .slice(start, start + 8)
            .map(({ type, repository }) => this.#describe(type, repository, call)),
        )),
      );
    }
    return found.filter((extension) => extension !== undefined);
  }

  async #describe(
    type: PackageKind,
    repository: Repository,
    call: BackendCall,
  ): Promise<BackendExtension | undefined> {
    const name = repository.name.slice(0, -suffixes[type].length).replaceAll('_', '-');
    const releases = await this.#releases(type, name, repository.name, call);
    return {
      type,
      name,
      description: repository.description ?? '',
      tags: repository.topics ?? [],
      versions: releases.map(({ version }) => version),
    };
  }

  async #releases(type: PackageKind, name: string, repository: string, call: BackendCall) {
    const { organization } = this.#settings;
    const all = (await this.#json<Release[]>(`/repos/${organization}/${repository}/releases`, call)) ?? [];
    return all.flatMap((release) => {
      const version = semver.valid(release.tag_name.replace(new RegExp(`^(?:${type}s/${name}/)?v?`), ''));
      const asset = version === null ? undefined : packageAsset(release, name, type, version);
      if (release.draft || version === null || asset === undefined) return [];
      const facts: BackendVersion = {
        version,
        prerelease: release.prerelease || semver.prerelease(version) !== null,
        size: asset.size,
        ...(release.published_at === undefined ? {} : { published_at: release.published_at }),
      };
      return [{ release, asset, version: facts }];
    });
  }

  #repositoryName(type: PackageKind, name: string): string {
    return `${name.replaceAll('-', '_')}${suffixes[type]}`;
  }

  async find(type: PackageKind, name: string, call: BackendCall): Promise<BackendExtension | undefined> {
    const repository = await this.#json<Repository>(
      `/repos/${this.#settings.organization}/${this.#repositoryName(type, name)}`,
      call,
    );
    return repository === undefined ? undefined : this.#describe(type, repository, call);
  }

  async #release(type: PackageKind, name: string, version: string, call: BackendCall) {
    const releases = await this.#releases(type, name, this.#repositoryName(type, name), call);
    return releases.find(({ version: facts }) => facts.version === version);
  }

  async manifest(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<PackageManifest | undefined> {
    const found = await this.#release(type, name, version, call);
    if (found === undefined) return undefined;
    const base = `/repos/${this.#settings.organization}/${this.#repositoryName(type, name)}`;
    const ref = encodeURIComponent(found.release.tag_name);
    const response =
      this.kind === 'github'
        ? await this.#get(
            `${base}/contents/manifest.yaml?ref=${ref}`,
            call,
            'application/vnd.github.raw+json',
          )
        : await this.#get(`${base}/raw/manifest.yaml?ref=${ref}`, call, '*/*');
    if (response.status === 404) return { name, type, version, description: '', incomplete: true };
    return readPackageManifest(parse(await response.text()));
  }

  async download(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<BackendPackage | undefined> {
    const found = await this.#release(type, name, version, call);
    if (found === undefined) return undefined;
    const { asset } = found;
    const github = this.kind === 'github' && asset.url !== undefined;
    const response = await this.#get(
      github ? asset.url! : asset.browser_download_url,
      call,
      'application/octet-stream',
    );
    if (response.status === 404 || response.body === null) return undefined;
    const digest = await this.#checksum(found.release, asset.name, call);
    return {
      stream: Readable.fromWeb(response.body as never),
      size: asset.size,
      ...(digest === undefined ? {} : { digest }),
      mediaType: asset.name.endsWith('.tar') ? 'application/x-tar' : 'application/gzip',
    };
  }

  async #checksum(release: Release, file: string, call: BackendCall): Promise<string | undefined> {
    const asset =
      release.assets.find(({ name }) => name === `${file}.sha256`) ??
      release.assets.find(({ name }) => name === 'checksums.txt');
    if (asset === undefined) return undefined;
    const text = await (await this.#get(asset.browser_download_url, call, '*/*')).text();
    const line = text.split('\n').find((one) => one.includes(file)) ?? text;
    const hex = /\b[0-9a-f]{64}\b/.exec(line)?.[0];
    return hex === undefined ? undefined : `sha256:${hex}`;
  }

  async health(call: BackendCall): Promise<void> {
    const response = await this.#get(this.kind === 'github' ? '/rate_limit' : '/version', call);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    await response.body?.cancel();
  }
}

/** The package among the files of a release, first match (10 §1). */
function packageAsset(release: Release, name: string, type: PackageKind, version: string) {
  const short = { provider: 'prov', taskserv: 'taskserv', cluster: 'cluster' }[type];
  const names = [
    `${name}-${version}.tar.gz`,
    `provisioning-ext-${name}-${version}.tar.gz`,
    `${name}_${short}_${version}.tar`,
  ];
  const named = names
    .map((file) => release.assets.find((asset) => asset.name === file))
    .find((asset) => asset !== undefined);
  const archives = release.assets.filter((asset) => asset.name.endsWith('.tar.gz'));
  return named ?? (archives.length === 1 ? archives[0] : undefined);
}

function limited(until: number): ProvisioningError {
  return new ProvisioningError({
    code: 'RATE_LIMITED',
    kind: 'unavailable',
    message: `rate limited until ${new Date(until).toISOString()}`,
  });
}
