import { Readable } from 'node:stream';
import semver from 'semver';
import { kindFolder, packageKinds, type PackageKind } from '../extension/kind.ts';
import { type PackageManifest, readPackageManifest } from '../extension/package-manifest.ts';
import { boundedText, type GitCall, type GitHost } from './host.ts';

/** Ends of repository names by kind (10 §1, S:31269-31277). */
export const repositorySuffix: Readonly<Record<PackageKind, string>> = {
  provider: '_prov',
  taskserv: '_taskserv',
  cluster: '_cluster',
};

const maxManifest = 1024 * 1024;

interface Repository {
  readonly name: string;
  readonly description?: string | null;
  readonly topics?: readonly string[];
}

export interface ReleaseAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly browser_download_url: string;
  readonly url?: string;
}

interface Release {
  readonly id: number;
  readonly tag_name: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  readonly published_at?: string;
  readonly assets: readonly ReleaseAsset[];
}

/** A release that carries the package of one version. */
export interface GitRelease {
  readonly repository: string;
  readonly version: string;
  readonly prerelease: boolean;
  readonly publishedAt?: string;
  readonly asset: ReleaseAsset;
  readonly release: Release;
}

/** An extension that the releases of a repository hold. */
export interface GitExtension {
  readonly type: PackageKind;
  readonly name: string;
  readonly description: string;
  readonly topics: readonly string[];
  readonly releases: readonly GitRelease[];
}

/**
 * Extensions as releases of Git repositories: `<name>_prov`, `<name>_taskserv`, `<name>_cluster`, and repositories of many
 * with tags `<kinds>/<name>/v<version>` (10 §1). Drafts, other tags and releases without a package are left out.
 */
export class GitReleases {
  readonly host: GitHost;
  readonly #monorepos: readonly string[];

  constructor(host: GitHost, monorepos: readonly string[] = []) {
    this.host = host;
    this.#monorepos = monorepos;
  }

  #path(repository: string): string {
    return `/repos/${this.host.organization}/${repository}`;
  }

  /** Every extension of the organization. */
  async list(call: GitCall): Promise<readonly GitExtension[]> {
    const { organization } = this.host;
    const repositories =
      (await this.host.pages<Repository>(`/orgs/${organization}/repos`, call)) ??
      (await this.host.pages<Repository>(`/users/${organization}/repos`, call)) ??
      [];
    const found: GitExtension[] = [];
    // A few at a time: an organization with hundreds of repositories is not asked for all of them at once.
    for (let start = 0; start < repositories.length; start += 8) {
      const some = await Promise.all(
        repositories.slice(start, start + 8).map(async (repository): Promise<readonly GitExtension[]> => {
          if (this.#monorepos.includes(repository.name)) return this.#ofMonorepo(repository, call);
          const type = packageKinds.find((kind) => repository.name.endsWith(repositorySuffix[kind]));
          return type === undefined ? [] : [await this.#describe(type, repository, call)];
        }),
      );
      found.push(...some.flat());
    }
    return found;
  }

  /** One extension, `undefined` when no repository holds it. */
  async find(type: PackageKind, name: string, call: GitCall): Promise<GitExtension | undefined> {
    const names = new Set([name, name.replaceAll('-', '_')].map((one) => `${one}${repositorySuffix[type]}`));
    for (const candidate of names) {
      const repository = await this.host.json<Repository>(this.#path(candidate), call);
      if (repository !== undefined) return this.#describe(type, repository, call, name);
    }
    for (const monorepo of this.#monorepos) {
      const repository = { name: monorepo };
      const found = await this.#ofMonorepo(repository, call);
      const own = found.find((one) => one.type === type && one.name === name);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  async #describe(
    type: PackageKind,
    repository: Repository,
    call: GitCall,
    name = repository.name.slice(0, -repositorySuffix[type].length).replaceAll('_', '-'),
  ): Promise<GitExtension> {
    const all = await this.#releases(repository.name, call);
    const prefix = new RegExp(`^(?:${kindFolder(type)}/${name}/)?v?`);
    return {
      type,
      name,
      description: repository.description ?? '',
      topics: repository.topics ?? [],
      releases: all.flatMap((release) =>
        usable(repository.name, release, type, name, release.tag_name.replace(prefix, '')),
      ),
    };
  }

  async #ofMonorepo(repository: Repository, call: GitCall): Promise<readonly GitExtension[]> {
    const found = new Map<string, GitExtension>();
    for (const release of await this.#releases(repository.name, call)) {
      const [, kinds, name, version] = /^([a-z]+)\/([a-z0-9-]+)\/v?(.+)$/.exec(release.tag_name) ?? [];
      const type = packageKinds.find((kind) => kindFolder(kind) === kinds);
      if (type === undefined || name === undefined) continue;
      const releases = usable(repository.name, release, type, name, version!);
      if (releases.length === 0) continue;
      const known = found.get(`${type}/${name}`);
      found.set(`${type}/${name}`, {
        type,
        name,
        description: '',
        topics: [],
        releases: [...(known?.releases ?? []), ...releases],
      });
    }
    return [...found.values()];
  }

  async #releases(repository: string, call: GitCall): Promise<readonly Release[]> {
    return (await this.host.pages<Release>(`${this.#path(repository)}/releases`, call)) ?? [];
  }

  /** The manifest at a release's tag; one without is described by what the repository says. */
  async manifest(
    found: GitRelease,
    type: PackageKind,
    name: string,
    call: GitCall,
  ): Promise<PackageManifest> {
    const ref = encodeURIComponent(found.release.tag_name);
    const base = this.#path(found.repository);
    const mono = this.#monorepos.includes(found.repository) ? `${kindFolder(type)}/${name}/` : '';
    const response =
      this.host.kind === 'github'
        ? await this.host.get(`${base}/contents/${mono}manifest.yaml?ref=${ref}`, {
            ...call,
            accept: 'application/vnd.github.raw+json',
          })
        : await this.host.get(`${base}/raw/${mono}manifest.yaml?ref=${ref}`, { ...call, accept: '*/*' });
    if (response.status === 404) {
      await response.body?.cancel();
      return { name, type, version: found.version, description: '', incomplete: true };
    }
    const { parse } = await import('yaml');
    return readPackageManifest(parse(await boundedText(response, maxManifest)));
  }

  /** The package of a release, `undefined` when it is gone. */
  async open(
    { asset, release }: GitRelease,
    call: GitCall,
  ): Promise<{ readonly stream: Readable; readonly digest?: string } | undefined> {
    const github = this.host.kind === 'github' && asset.url !== undefined;
    const response = await this.host.get(github ? asset.url! : asset.browser_download_url, {
      ...call,
      accept: 'application/octet-stream',
    });
    if (response.status === 404 || response.body === null) return undefined;
    const digest = await this.#checksum(release, asset.name, call);
    return {
      stream: Readable.fromWeb(response.body as never),
      ...(digest === undefined ? {} : { digest }),
    };
  }

  async #checksum(release: Release, file: string, call: GitCall): Promise<string | undefined> {
    const asset =
      release.assets.find(({ name }) => name === `${file}.sha256`) ??
      release.assets.find(({ name }) => name === 'checksums.txt');
    if (asset === undefined) return undefined;
    const response = await this.host.get(asset.browser_download_url, { ...call, accept: '*/*' });
    const text = await boundedText(response, maxManifest);
    const own = text.split('\n').find((line) => line.trim().endsWith(file));
    const line = own ?? (asset.name === 'checksums.txt' ? '' : text);
    const hex = /\b[0-9a-f]{64}\b/.exec(line)?.[0];
    return hex === undefined ? undefined : `sha256:${hex}`;
  }
}

function usable(
  repository: string,
  release: Release,
  type: PackageKind,
  name: string,
  text: string,
): readonly GitRelease[] {
  const version = semver.valid(text);
  const asset = version === null ? undefined : packageAsset(release, name, type, version);
  if (release.draft || version === null || asset === undefined) return [];
  return [
    {
      repository,
      version,
      prerelease: release.prerelease || semver.prerelease(version) !== null,
      ...(release.published_at === undefined ? {} : { publishedAt: release.published_at }),
      asset,
      release,
    },
  ];
}

/** The package among the files of a release, first match (10 §1). */
function packageAsset(release: Release, name: string, type: PackageKind, version: string) {
  const names = [
    `${name}-${version}.tar.gz`,
    `provisioning-ext-${name}-${version}.tar.gz`,
    `${name}${repositorySuffix[type]}_${version}.tar`,
  ];
  const named = names
    .map((file) => release.assets.find((asset) => asset.name === file))
    .find((asset) => asset !== undefined);
  const archives = release.assets.filter((asset) => asset.name.endsWith('.tar.gz'));
  return named ?? (archives.length === 1 ? archives[0] : undefined);
}
