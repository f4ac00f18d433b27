import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TaskservManifest } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { writeFileAtomic } from '../files/atomic.ts';
import { readNotes, type Release } from './releases.ts';

/** One line of `taskserv check-updates` (07 §9.2). */
export interface UpdateReport {
  readonly service: string;
  readonly current_version: string;
  /** `unknown` when neither the source nor the cache tells. */
  readonly latest_version: string;
  readonly update_available: boolean;
  /** A version newer than the current one fixes a security problem. */
  readonly security: boolean;
  /** Where it is installed; null when the version is that of the catalogue. */
  readonly target: string | null;
  readonly checked_at: string;
  /** Age in seconds of a cached answer that stands in for the source. */
  readonly cached_age?: number;
  /** Days between the release that is there and the newest; null when the publisher does not tell. */
  readonly days_old: number | null;
  /** Newer releases, newest first. */
  readonly newer: readonly Release[];
}

/** What is installed, for a comparison with what there is. */
export interface InstalledTaskserv {
  readonly manifest: TaskservManifest;
  readonly version: string;
  readonly target?: string;
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
  readonly releases: readonly Release[];
}

const lifetime = 3_600_000;

/** Releases the publisher offers, newest first; from the cache when the publisher cannot be asked. */
export async function availableReleases(
  manifest: TaskservManifest,
  sources: UpdateSources,
): Promise<{ readonly releases: readonly Release[]; readonly cachedAge?: number }> {
  const file = join(sources.cacheFolder, 'versions', `${manifest.name}.json`);
  const cached = await readCache(file);
  const age = cached === undefined ? undefined : sources.now() - cached.at;
  if (cached !== undefined && age! < lifetime && sources.refresh !== true)
    return { releases: cached.releases };
  try {
    const fresh = await ask(manifest, sources, cached);
    if (fresh !== undefined) {
      await mkdir(dirname(file), { recursive: true });
      await writeFileAtomic(file, `${JSON.stringify(fresh)}\n`);
      return { releases: fresh.releases };
    }
  } catch {
    // Not reachable, or over its rate limit: what was known before has to do (07 §9.2).
  }
  return cached === undefined
    ? { releases: [] }
    : { releases: cached.releases, cachedAge: Math.round(age! / 1000) };
}

/** Versions the publisher offers, newest first. */
export async function availableVersions(
  manifest: TaskservManifest,
  sources: UpdateSources,
): Promise<{ readonly versions: readonly string[]; readonly cachedAge?: number }> {
  const { releases, ...rest } = await availableReleases(manifest, sources);
  return { versions: releases.map(({ version }) => version), ...rest };
}

/** Compares what is installed with what the publishers offer. Never fails for a publisher that does not answer. */
export async function checkUpdates(
  installed: readonly InstalledTaskserv[],
  sources: UpdateSources,
): Promise<readonly UpdateReport[]> {
  // One question a taskserv, however many servers have it.
  const asked = new Map<string, ReturnType<typeof availableReleases>>();
  return Promise.all(
    installed.map(async ({ manifest, version, target }) => {
      const answer = asked.get(manifest.name) ?? availableReleases(manifest, sources);
      asked.set(manifest.name, answer);
      const { releases, cachedAge } = await answer;
      const latest = releases[0]?.version ?? 'unknown';
      const newer = releases.filter((release) => isNewer(release.version, version));
      return {
        service: manifest.name,
        current_version: version,
        latest_version: latest,
        update_available: newer.length > 0,
        security: newer.some((release) => release.security),
        target: target ?? null,
        checked_at: new Date(sources.now()).toISOString(),
        ...(cachedAge === undefined ? {} : { cached_age: cachedAge }),
        days_old: daysBehind(releases, version),
        newer,
      };
    }),
  );
}

function daysBehind(releases: readonly Release[], version: string): number | null {
  const [newest] = releases;
  const own = releases.find((release) => release.version === version);
  const days = (Date.parse(newest?.published_at ?? '') - Date.parse(own?.published_at ?? '')) / 86_400_000;
  return Number.isNaN(days) ? null : Math.round(days);
}

function isNewer(version: string, than: string): boolean {
  const [one, other] = [semver.coerce(version), semver.coerce(than)];
  return one !== null && other !== null && semver.gt(one, other);
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
  const answer = (await response.json()) as readonly GitHubRelease[];
  const pattern = versionPattern(source.release_pattern);
  const releases = answer
    .filter(({ draft, prerelease }) => !draft && (!prerelease || source.prerelease))
    .flatMap(({ tag_name, published_at, body }): Release[] => {
      const version = pattern.exec(tag_name)?.[1];
      return version === undefined
        ? []
        : [{ version, published_at: published_at ?? '', ...readNotes(body ?? '') }];
    })
    .sort((a, b) =>
      semver.rcompare(semver.coerce(a.version) ?? '0.0.0', semver.coerce(b.version) ?? '0.0.0'),
    );
  return { etag: response.headers.get('etag') ?? '', at: sources.now(), releases };
}

/** The part of a release that GitHub and Gitea tell alike. */
interface GitHubRelease {
  readonly tag_name: string;
  readonly prerelease: boolean;
  readonly draft: boolean;
  readonly published_at?: string | null;
  readonly body?: string | null;
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
    const cached = JSON.parse(await readFile(file, 'utf8')) as Cached;
    return Array.isArray(cached.releases) ? cached : undefined;
  } catch {
    return undefined;
  }
}
