import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { parseRange } from '../extension/package-manifest.ts';

/** What a version of the core goes with (11 §2). */
export interface CoreEntry {
  readonly platform: string;
  readonly 'min-platform'?: string;
  readonly extensions?: string;
  readonly workspace?: string;
  readonly 'orchestrator-api'?: string;
}

/** What a version of the platform goes with (11 §2). */
export interface PlatformEntry {
  readonly core: string;
  readonly 'min-core'?: string;
  readonly 'api-version'?: string;
}

/** Versions that were tested and are shipped together (11 §2). */
export interface BundleEntry {
  readonly name: string;
  readonly 'release-date': string;
  readonly core: string;
  readonly platform: string;
  readonly workspace?: string;
  readonly extensions?: readonly string[];
  readonly 'lts-until'?: string;
  readonly withdrawn?: boolean;
}

/** `compatibility.toml`, parsed. */
export interface CompatibilityMatrix {
  /** Minor of the platform (`platform`) and the ranges of packages tested with it, by their names without the scope. */
  readonly releases?: readonly ({ readonly platform: string } & Readonly<Record<string, unknown>>)[];
  readonly compatibility?: {
    readonly core?: Readonly<Record<string, CoreEntry>>;
    readonly platform?: Readonly<Record<string, PlatformEntry>>;
  };
  readonly bundles?: Readonly<Record<string, BundleEntry>>;
}

export type CompatibilityVerdict =
  | { readonly verdict: 'compatible' }
  | { readonly verdict: 'incompatible'; readonly message: string; readonly range: string }
  /** No entry says anything: a warning, and an error for bundles. */
  | { readonly verdict: 'unknown'; readonly message: string };

/** The entry of a version, or the nearest lower one of the same minor. */
export function entryFor<T>(entries: Readonly<Record<string, T>>, version: string): T | undefined {
  const wanted = semver.parse(version);
  if (wanted === null) return undefined;
  const lower = Object.keys(entries)
    .filter((key) => {
      const known = semver.parse(key);
      return (
        known !== null &&
        known.major === wanted.major &&
        known.minor === wanted.minor &&
        semver.lte(known, wanted)
      );
    })
    .sort(semver.rcompare);
  return lower[0] === undefined ? undefined : entries[lower[0]];
}

function fits(version: string, range: string, minimum: string | undefined): boolean {
  const inside = semver.satisfies(version, parseRange(range) ?? '<0.0.0-0', { includePrerelease: true });
  return inside && (minimum === undefined || semver.gte(version, minimum));
}

function wanted(range: string, minimum: string | undefined): string {
  return minimum === undefined ? range : `${range}, at least ${minimum}`;
}

/** Whether a core and a platform go together: both sides must say so (11 §2 "Check"). */
export function checkPair(
  matrix: CompatibilityMatrix,
  core: string,
  platform: string,
  apiVersions?: readonly string[],
): CompatibilityVerdict {
  const coreEntry = entryFor(matrix.compatibility?.core ?? {}, core);
  const platformEntry = entryFor(matrix.compatibility?.platform ?? {}, platform);
  if (coreEntry !== undefined && !fits(platform, coreEntry.platform, coreEntry['min-platform'])) {
    const range = wanted(coreEntry.platform, coreEntry['min-platform']);
    return {
      verdict: 'incompatible',
      range,
      message: `Platform ${platform} is not compatible with core ${core} (requires ${range})`,
    };
  }
  if (platformEntry !== undefined && !fits(core, platformEntry.core, platformEntry['min-core'])) {
    const range = wanted(platformEntry.core, platformEntry['min-core']);
    return {
      verdict: 'incompatible',
      range,
      message: `Core ${core} is not compatible with platform ${platform} (requires ${range})`,
    };
  }
  const api = platformEntry?.['api-version'] ?? coreEntry?.['orchestrator-api'];
  if (api !== undefined && apiVersions !== undefined && !apiVersions.includes(api)) {
    return {
      verdict: 'incompatible',
      range: api,
      message: `Platform ${platform} does not speak API ${api} that core ${core} needs`,
    };
  }
  if (coreEntry === undefined || platformEntry === undefined) {
    const missing = coreEntry === undefined ? `core ${core}` : `platform ${platform}`;
    return {
      verdict: 'unknown',
      message: `Nothing is known about ${missing}; it was not tested with ${coreEntry === undefined ? `platform ${platform}` : `core ${core}`}`,
    };
  }
  return { verdict: 'compatible' };
}

/**
 * Refuses a bundle whose parts do not go together (11 §2).
 * @throws ProvisioningError `INCOMPATIBLE_BUNDLE`, exit 1.
 */
export function checkBundle(
  matrix: CompatibilityMatrix,
  bundle: Pick<BundleEntry, 'core' | 'platform'>,
): void {
  const result = checkPair(matrix, bundle.core, bundle.platform);
  if (result.verdict === 'compatible') return;
  throw new ProvisioningError({
    code: 'INCOMPATIBLE_BUNDLE',
    message: result.message,
    hint: 'choose versions that compatibility.toml names together, or test them and add an entry',
  });
}

/**
 * Whether a bundle may be installed on a day.
 * @returns a warning when its support has ended.
 * @throws ProvisioningError `BUNDLE_WITHDRAWN` unless forced.
 */
export function checkSupport(
  id: string,
  bundle: BundleEntry,
  today: string,
  force = false,
): string | undefined {
  if (bundle.withdrawn === true && !force) {
    throw new ProvisioningError({
      code: 'BUNDLE_WITHDRAWN',
      message: `Bundle ${id} was withdrawn`,
      hint: 'install another one; --force installs it all the same',
    });
  }
  const until = bundle['lts-until'];
  return until !== undefined && today > until ? `Bundle ${id} reached end of support on ${until}` : undefined;
}
