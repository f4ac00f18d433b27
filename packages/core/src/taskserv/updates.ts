import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TaskservManifest } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { writeFileAtomic } from '../files/atomic.ts';

/** One line of `taskserv check-updates` (07 §9.2). */
export interface UpdateReport {
  readonly service: string;
  readonly current_version: string;
  /** `unknown` when neither the source nor the cache tells. */
  readonly latest_version: string;
  readonly update_available: boolean;
  readonly checked_at: string;
  /** Age in seconds of a cached answer that stands in for the source. */
  readonly cached_age?: number;
}

export interface UpdateSources {
  /** Folder for answers, kept an hour. */
  readonly cacheFolder: string;
  readonly now: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Base of GitHub's API, and of others by source type. */
  readonly apiBase?: string;
  /** Optional `GITHUB_TOKEN`. */
  readonly token?: string;
  readonly refresh?: boolean;
}

interface Cached {
  readonly etag: string;
  readonly at: number;
  readonly versions: readonly string[];
}

const lifetime = 3_600_000;

/** Versions the publisher offers, newest first; from the cache when the publisher cannot be asked. */
export async function availableVersions(
  manifest: TaskservManifest,
  sources: UpdateSources,
): Promise<{ readonly versions: readonly string[]; readonly cachedAge?: number }> {
  const file = join(sources.cacheFolder, 'versions', `${manifest.name}.json`);
  const cached = await readCache(file);
  const age = cached === undefined ? undefined : sources.now() - cached.at;
  if (cached !== undefined && age! < lifetime && sources.refresh !== true)
    return { versions: cached.versions };
  try {
    const fresh = await ask(manifest, sources, cached);
    if (fresh !== undefined) {
      await mkdir(dirname(file), { recursive: true });
      await writeFileAtomic(file, `${JSON.stringify(fresh)}\n`);
      return { versions: fresh.versions };
    }
  } catch {
    // Not reachable, or over its rate limit: what was known before has to do (07 §9.2).
  }
  return cached === undefined
    ? { versions: [] }
    : { versions: cached.versions, cachedAge: Math.round(age! / 1000) };
}

/** Compares what is installed with what the publishers offer. Never fails for a publisher that does not answer. */
export async function checkUpdates(
  installed: readonly { readonly manifest: TaskservManifest; readonly version: string }[],
  sources: UpdateSources,
): Promise<readonly UpdateReport[]> {
  return Promise.all(
    installed.map(async ({ manifest, version }) => {
      const { versions, cachedAge } = await availableVersions(manifest, sources);
      const latest = versions[0] ?? 'unknown';
      const [mine, newest] = [semver.coerce(version), semver.coerce(latest)];
      return {
        service: manifest.name,
        current_version: version,
        latest_version: latest,
        update_available: latest !== 'unknown' && mine !== null && newest !== null && semver.gt(newest, mine),
        checked_at: new Date(sources.now()).toISOString(),
        ...(cachedAge === undefined ? {} : { cached_age: cachedAge }),
      };
    }),
  );
}

async function ask(
  manifest: TaskservManifest,
  sources: UpdateSources,
  cached: Cached | undefined,
): Promise<Cached | undefined> {
  const { source } = manifest.software;
  if (source?.repository === undefined || (source.type !== 'github' && source.type !== 'gitea'))
    return undefined;
  const base =
    sources.apiBase ?? (source.type === 'github' ? 'https://api.github.com' : 'https://gitea.com/api/v1');
  const response = await (sources.fetch ?? fetch)(`${base}/repos/${source.repository}/releases?per_page=50`, {
    headers: {
      accept: 'application/json',
      ...(sources.token === undefined ? {} : { authorization: `Bearer ${sources.token}` }),
      ...(cached === undefined || cached.etag === '' ? {} : { 'if-none-match': cached.etag }),
    },
    signal: AbortSignal.timeout(15_000),
  });
  if (response.status === 304 && cached !== undefined) return { ...cached, at: sources.now() };
  if (!response.ok) return undefined;
  const releases = (await response.json()) as { tag_name: string; prerelease: boolean; draft: boolean }[];
  const pattern = versionPattern(source.release_pattern);
  const versions = releases
    .filter(({ draft, prerelease }) => !draft && (!prerelease || source.prerelease))
    .flatMap(({ tag_name }) => pattern.exec(tag_name)?.[1] ?? [])
    .sort((a, b) => semver.rcompare(semver.coerce(a) ?? '0.0.0', semver.coerce(b) ?? '0.0.0'));
  return { etag: response.headers.get('etag') ?? '', at: sources.now(), versions };
}

/** `v{version}` as a pattern with the version as its group. */
function versionPattern(release: string): RegExp {
  const [before = '', after = ''] = release
    .split('{version}')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${before}(\\d.*)${after}$`);
}

async function readCache(file: string): Promise<Cached | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Cached;
  } catch {
    return undefined;
  }
}
