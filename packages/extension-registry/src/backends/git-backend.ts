import {
  type GitExtension,
  GitHost,
  GitReleases,
  type PackageKind,
  type PackageManifest,
} from '@provisioning/distribution';
import semver from 'semver';
import type { GitSettings } from '../service/backend-settings.ts';
import { BackendToken } from './backend-token.ts';
import type { Backend, BackendCall, BackendExtension, BackendKind, BackendPackage } from './backend.ts';

/** Releases of the repositories of one organization on Gitea, Forgejo or GitHub (10 §1). */
export class GitBackend implements Backend {
  readonly id: string;
  readonly kind: BackendKind;
  readonly class = 'source' as const;
  readonly url: string;
  readonly enabled: boolean;
  readonly timeoutSeconds: number;
  readonly channel: string;
  readonly #releases: GitReleases;
  readonly #token: BackendToken;

  private constructor(kind: GitHost['kind'], settings: GitSettings, token: BackendToken) {
    this.kind = kind;
    this.id = settings.id;
    this.url = settings.url;
    this.enabled = settings.enabled;
    this.timeoutSeconds = settings.timeout_seconds;
    this.channel = settings.channel;
    const host = new GitHost({
      kind,
      url: settings.url,
      organization: settings.organization,
      assetHosts: settings.allowed_asset_hosts,
      insecure: !settings.verify_ssl,
      token: () => token.current,
    });
    this.#token = token;
    this.#releases = new GitReleases(host, settings.monorepos);
  }

  static async create(
    kind: GitHost['kind'],
    settings: GitSettings,
    strictTokens: boolean,
  ): Promise<GitBackend> {
    return new GitBackend(kind, settings, await BackendToken.read(settings.token_path, strictTokens));
  }

  async list(call: BackendCall): Promise<readonly BackendExtension[]> {
    const all = await this.#releases.list(call);
    const found: BackendExtension[] = [];
    // A few at a time, as with the repositories.
    for (let start = 0; start < all.length; start += 8)
      found.push(
        ...(await Promise.all(all.slice(start, start + 8).map((one) => this.#described(one, call)))),
      );
    return found;
  }

  /** With the manifest of the newest release; an extension whose manifest cannot be read is there all the same. */
  async #described(extension: GitExtension, call: BackendCall): Promise<BackendExtension> {
    const { type, name, releases } = extension;
    const [newest] = releases
      .filter(({ prerelease }) => !prerelease)
      .sort((a, b) => semver.rcompare(a.version, b.version));
    if (newest === undefined) return describe(extension);
    const manifest = await this.#releases.manifest(newest, type, name, call).catch(() => undefined);
    return { ...describe(extension), ...(manifest === undefined ? {} : { manifest }) };
  }

  async find(type: PackageKind, name: string, call: BackendCall): Promise<BackendExtension | undefined> {
    const found = await this.#releases.find(type, name, call);
    return found === undefined ? undefined : describe(found);
  }

  async #release(type: PackageKind, name: string, version: string, call: BackendCall) {
    const found = await this.#releases.find(type, name, call);
    return found?.releases.find((release) => release.version === version);
  }

  async manifest(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<PackageManifest | undefined> {
    const found = await this.#release(type, name, version, call);
    return found === undefined ? undefined : this.#releases.manifest(found, type, name, call);
  }

  async download(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<BackendPackage | undefined> {
    const found = await this.#release(type, name, version, call);
    const opened = found === undefined ? undefined : await this.#releases.open(found, call);
    if (found === undefined || opened === undefined) return undefined;
    return {
      ...opened,
      size: found.asset.size,
      mediaType: found.asset.name.endsWith('.tar') ? 'application/x-tar' : 'application/gzip',
    };
  }

  reload(): Promise<void> {
    return this.#token.reload();
  }

  async health(call: BackendCall): Promise<void> {
    const response = await this.#releases.host.get(this.kind === 'github' ? '/rate_limit' : '/version', call);
    await response.body?.cancel();
    if (!response.ok) throw new Error(`answered ${response.status}`);
  }
}

function describe({ type, name, description, topics, releases }: GitExtension): BackendExtension {
  return {
    type,
    name,
    description,
    tags: topics,
    versions: releases.map(({ version, prerelease, publishedAt, asset }) => ({
      version,
      prerelease,
      size: asset.size,
      ...(publishedAt === undefined ? {} : { published_at: publishedAt }),
    })),
  };
}
