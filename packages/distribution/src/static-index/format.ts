import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { type PackageKind, readKind } from '../extension/kind.ts';
import { parseUntrustedJson } from '../oci/manifest.ts';

export const maxIndexBytes = 64 * 1024 * 1024;

/** One version in a static index (10 §7). */
export interface IndexVersion {
  readonly version: string;
  /** Absolute, or relative to the index. */
  readonly url: string;
  /** Absent in the form of older installations. */
  readonly sha256?: string;
  readonly size?: number;
  readonly min_provisioning_version?: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly published_at?: string;
  readonly withdrawn?: boolean;
}

export interface IndexExtension {
  readonly name: string;
  readonly type: PackageKind;
  readonly latest: string;
  readonly description: string;
  readonly category?: string;
  readonly tags: readonly string[];
  readonly channel: string;
  readonly versions: readonly IndexVersion[];
}

/** `index.json`: what a registry without a service holds. */
export interface StaticIndex {
  readonly version: 1;
  readonly generated_at: string;
  readonly extensions: readonly IndexExtension[];
}

function invalid(place: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INDEX_INVALID',
    message: `${place}: ${reason}`,
    hint: 'build it again with "provisioning registry index build"',
  });
}

type Data = Readonly<Record<string, unknown>>;

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads `index.json`, or `packages.json` of older installations. @throws ProvisioningError `INDEX_INVALID`. */
export function parseIndex(bytes: Buffer, place: string): StaticIndex {
  const data: unknown = parseUntrustedJson(bytes, maxIndexBytes);
  if (!isData(data)) throw invalid(place, 'it is no index');
  if (data['version'] !== 1 && data['packages'] === undefined)
    throw invalid(place, 'it is no index of version 1');
  const list = data['extensions'] ?? data['packages'];
  if (!Array.isArray(list)) throw invalid(place, 'extensions is no list');
  return {
    version: 1,
    generated_at: String(data['generated_at'] ?? ''),
    extensions: list.map((entry: unknown, at) => parseExtension(entry, `${place}: extensions[${at}]`)),
  };
}

function parseExtension(entry: unknown, place: string): IndexExtension {
  if (!isData(entry)) throw invalid(place, 'expected keys and values');
  const { name, versions } = entry;
  const type = readKind(String(entry['type']));
  if (typeof name !== 'string' || !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw invalid(place, 'it has no valid name');
  if (type === undefined) throw invalid(place, 'it has no valid type');
  const listed = Array.isArray(versions) ? versions : [entry];
  const tags = entry['tags'];
  const category = entry['category'];
  return {
    name,
    type,
    latest: String(entry['latest'] ?? ''),
    description: typeof entry['description'] === 'string' ? entry['description'] : '',
    ...(typeof category === 'string' ? { category } : {}),
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
    channel: typeof entry['channel'] === 'string' ? entry['channel'] : 'community',
    versions: listed.map((one: unknown, at) => parseVersion(one, `${place}.versions[${at}]`)),
  };
}

function parseVersion(entry: unknown, place: string): IndexVersion {
  if (!isData(entry)) throw invalid(place, 'expected keys and values');
  const { version, url, sha256, size, dependencies, min_provisioning_version, published_at } = entry;
  if (typeof version !== 'string' || semver.valid(version) === null)
    throw invalid(place, 'it has no valid version');
  if (typeof url !== 'string' || url === '') throw invalid(place, 'it has no url');
  if (sha256 !== undefined && (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)))
    throw invalid(place, 'sha256 is no digest');
  return {
    version,
    url,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(typeof size === 'number' ? { size } : {}),
    dependencies: isData(dependencies) ? (dependencies as Readonly<Record<string, string>>) : {},
    ...(typeof min_provisioning_version === 'string' ? { min_provisioning_version } : {}),
    ...(typeof published_at === 'string' ? { published_at } : {}),
    ...(entry['withdrawn'] === true ? { withdrawn: true } : {}),
  };
}
