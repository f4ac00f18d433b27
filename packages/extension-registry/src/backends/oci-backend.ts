import {
  annotations,
  type PackageKind,
  type PackageManifest,
  rateLimited,
  readExtension,
  RemoteRegistry,
  type RemoteRepository,
  sortTags,
  type StoredExtension,
  tagsOrNone,
  tagToVersion,
} from '@provisioning/distribution';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import type { OciSettings } from '../service/backend-settings.ts';
import { BackendToken } from './backend-token.ts';
import type { Backend, BackendCall, BackendExtension, BackendPackage } from './backend.ts';

/** Seconds; a registry that names a time far away is asked again the next day. */
const longestPause = 86_400;

/** Repositories of an OCI registry below a namespace (10 §1). */
export class OciBackend implements Backend {
  readonly id: string;
  readonly kind = 'oci' as const;
  readonly class = 'distribution' as const;
  readonly url: string;
  readonly enabled: boolean;
  readonly timeoutSeconds: number;
  readonly channel: string;
  readonly #settings: OciSettings;
  readonly #registry: RemoteRegistry;
  readonly #token: BackendToken;
  #pausedUntil = 0;

  private constructor(settings: OciSettings, token: BackendToken) {
    this.#settings = settings;
    this.#token = token;
    const host = settings.registry.replace(/^https?:\/\//, '').replace(/\/+$/, '');
    this.id = settings.id;
    this.enabled = settings.enabled;
    this.timeoutSeconds = settings.timeout_seconds;
    this.channel = settings.channel;
    this.#registry = new RemoteRegistry(host, {
      credentials: {
        get: async (asked) =>
          asked === host && token.current !== undefined
            ? { username: settings.username, password: token.current }
            : undefined,
      },
      plainHttp:
        settings.registry.startsWith('http://') ||
        (!settings.registry.startsWith('https://') && isLoopback(host)),
      insecure: !settings.verify_ssl,
      timeoutSeconds: settings.timeout_seconds,
      retries: 0,
    });
    this.url = this.#registry.client.base.href;
  }

  static async create(settings: OciSettings, strictTokens: boolean): Promise<OciBackend> {
    return new OciBackend(settings, await BackendToken.read(settings.auth_token_path, strictTokens));
  }

  /** A registry that limits the rate is left alone until the time it named, else for a minute (10 §1). */
  async #asked<T>(work: () => Promise<T>): Promise<T> {
    if (Date.now() < this.#pausedUntil) throw rateLimited(this.#pausedUntil);
    try {
      return await work();
    } catch (error) {
      if (!isRateLimit(error)) throw error;
      // Several calls under way are refused one after another; the longest pause counts.
      const { retry_after = 60 } = (error.details ?? {}) as { readonly retry_after?: number };
      const seconds = Math.min(retry_after, longestPause);
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + seconds * 1000);
      throw rateLimited(this.#pausedUntil);
    }
  }

  list(call: BackendCall): Promise<readonly BackendExtension[]> {
    return this.#asked(() => this.#list(call));
  }

  async #list(call: BackendCall): Promise<readonly BackendExtension[]> {
    const { namespace, repositories } = this.#settings;
    const names =
      repositories.length > 0 ? repositories : await this.#registry.catalog({ ...call, under: namespace });
    const found: (BackendExtension | undefined)[] = [];
    // A few at a time: a registry with hundreds of extensions is not asked for all of them at once.
    for (let start = 0; start < names.length; start += 8) {
      found.push(
        ...(await Promise.all(names.slice(start, start + 8).map((name) => this.#describe(name, call)))),
      );
    }
    const unique = new Map<string, BackendExtension>();
    for (const extension of found) {
      if (extension === undefined) continue;
      const key = `${extension.type}/${extension.name}`;
      // Of `ns/redis` and `ns/redis-taskserv` the plain one counts; the catalog is sorted, so it comes first.
      if (!unique.has(key)) unique.set(key, extension);
    }
    return [...unique.values()];
  }

  async #describe(repository: string, call: BackendCall): Promise<BackendExtension | undefined> {
    const remote = this.#registry.repository(repository);
    const tags = sortTags(await tagsOrNone(remote, call)).filter(
      (tag) => semver.valid(tagToVersion(tag)) !== null,
    );
    const newest = tags.find((tag) => semver.prerelease(tagToVersion(tag)) === null) ?? tags[0];
    if (newest === undefined) return undefined;
    const stored = await readExtension(remote, newest, call).catch(unreadable);
    if (stored === undefined) return undefined;
    const { name, type, description, category } = stored.package;
    return {
      type,
      name,
      description: description ?? '',
      tags: stored.package.tags ?? [],
      ...(category === undefined ? {} : { category }),
      manifest: stored.package,
      versions: tags.map((tag) => {
        const version = semver.parse(tagToVersion(tag))!.version;
        return {
          version,
          prerelease: semver.prerelease(version) !== null,
          ...(tag === newest ? facts(stored) : {}),
        };
      }),
    };
  }

  async #repositoryOf(
    type: PackageKind,
    name: string,
    call: BackendCall,
  ): Promise<RemoteRepository | undefined> {
    for (const repository of [
      `${this.#settings.namespace}/${name}`,
      `${this.#settings.namespace}/${name}-${type}`,
    ]) {
      const remote = this.#registry.repository(repository);
      const tags = sortTags(await tagsOrNone(remote, call));
      if (tags[0] === undefined) continue;
      const stored = await readExtension(remote, tags[0], call).catch(unreadable);
      if (stored?.package.type === type) return remote;
    }
    return undefined;
  }

  async find(type: PackageKind, name: string, call: BackendCall): Promise<BackendExtension | undefined> {
    return this.#asked(async () => {
      const remote = await this.#repositoryOf(type, name, call);
      return remote === undefined ? undefined : this.#describe(remote.name, call);
    });
  }

  async #stored(type: PackageKind, name: string, version: string, call: BackendCall) {
    const remote = await this.#repositoryOf(type, name, call);
    if (remote === undefined) return undefined;
    const tag = (await remote.tags(call)).find(
      (one) => semver.valid(tagToVersion(one)) !== null && semver.eq(tagToVersion(one), version),
    );
    return tag === undefined ? undefined : { remote, stored: await readExtension(remote, tag, call) };
  }

  async manifest(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<PackageManifest | undefined> {
    return this.#asked(async () => (await this.#stored(type, name, version, call))?.stored.package);
  }

  download(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<BackendPackage | undefined> {
    return this.#asked(() => this.#open(type, name, version, call));
  }

  async #open(
    type: PackageKind,
    name: string,
    version: string,
    call: BackendCall,
  ): Promise<BackendPackage | undefined> {
    const found = await this.#stored(type, name, version, call);
    if (found === undefined) return undefined;
    const { content } = found.stored;
    return {
      stream: await found.remote.fetch(content, call),
      size: content.size,
      digest: content.digest,
      mediaType:
        content.annotations?.[annotations.title]?.endsWith('.tar') === true
          ? 'application/x-tar'
          : 'application/gzip',
    };
  }

  reload(): Promise<void> {
    return this.#token.reload();
  }

  health(call: BackendCall): Promise<void> {
    return this.#asked(() => this.#registry.ping(call));
  }
}

function isRateLimit(error: unknown): error is ProvisioningError {
  return error instanceof ProvisioningError && error.code === 'RATE_LIMITED';
}

/** What cannot be read is no extension, unless the registry only refused to say so now. */
function unreadable(error: unknown): undefined {
  if (isRateLimit(error)) throw error;
  return undefined;
}

function facts(stored: StoredExtension) {
  const created = stored.manifest.annotations?.[annotations.created];
  return {
    size: stored.content.size,
    digest: stored.content.digest,
    ...(created === undefined ? {} : { published_at: created }),
  };
}
