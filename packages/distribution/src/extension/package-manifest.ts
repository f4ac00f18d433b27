import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { type PackageKind, readKind } from './kind.ts';

/** What distribution reads of `manifest.yaml` (09 §2); everything else of it is carried along untouched. */
export interface PackageManifest extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly type: PackageKind;
  readonly version: string;
  readonly description?: string;
  readonly author?: string;
  readonly license?: string;
  readonly homepage?: string;
  readonly repository?: string;
  readonly category?: string;
  readonly tags?: readonly string[];
  readonly platforms?: readonly string[];
  readonly min_provisioning_version?: string;
  readonly compatibility?: { readonly provisioning?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optional_dependencies?: Readonly<Record<string, string>>;
  readonly conflicts?: readonly string[] | Readonly<Record<string, string>>;
  readonly provides?: readonly string[];
  readonly permissions?: Readonly<Record<string, readonly string[]>>;
  readonly build?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
}

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function manifestError(key: string, reason: string, file = 'manifest.yaml'): ProvisioningError {
  return new ProvisioningError({
    code: 'MANIFEST_INVALID',
    kind: 'configuration',
    message: `${file}: ${key}: ${reason}`,
    location: { file, key },
  });
}

/** A range as npm reads it; a comma means AND (09 §2). `undefined` when it is none. */
export function parseRange(text: string): string | undefined {
  return semver.validRange(text.replaceAll(',', ' ')) ?? undefined;
}

function check(condition: boolean, key: string, reason: string): void {
  if (!condition) throw manifestError(key, reason);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks what distribution relies on, in documents of any origin: a plural kind is rewritten, unknown keys are kept.
 * @throws ProvisioningError `MANIFEST_INVALID`, exit 3.
 */
export function readPackageManifest(value: unknown): PackageManifest {
  if (!isRecord(value)) throw manifestError('manifest', 'expected keys and values at the top of the file');
  const { name, type, version } = value;
  check(
    isText(name) && namePattern.test(name),
    'name',
    `${shown(name)} is no name: lower-case letters, digits and hyphens`,
  );
  const kind = isText(type) ? readKind(type) : undefined;
  check(kind !== undefined, 'type', `${shown(type)} is no extension type: provider, taskserv or cluster`);
  const valid = isText(version) && !version.startsWith('v') && semver.valid(version) !== null;
  check(valid, 'version', `${shown(version)} is no version: expected MAJOR.MINOR.PATCH`);
  for (const key of ['description', 'author', 'license', 'homepage', 'repository', 'category']) {
    check(value[key] === undefined || isText(value[key]), key, 'expected text');
  }
  for (const key of ['tags', 'platforms', 'provides', 'system_packages']) {
    check(value[key] === undefined || isTexts(value[key]), key, 'expected a list of texts');
  }
  for (const key of ['dependencies', 'optional_dependencies', 'conflicts']) checkRanges(value[key], key);
  const minimum = value['min_provisioning_version'];
  check(
    minimum === undefined || (isText(minimum) && semver.valid(minimum) !== null),
    'min_provisioning_version',
    'expected a version',
  );
  const compatibility = value['compatibility'];
  check(compatibility === undefined || isRecord(compatibility), 'compatibility', 'expected keys and values');
  if (isRecord(compatibility)) checkRange(compatibility['provisioning'], 'compatibility.provisioning');
  return { ...value, type: kind } as PackageManifest;
}

function checkRanges(value: unknown, key: string): void {
  if (value === undefined || (key === 'conflicts' && isTexts(value))) return;
  if (!isRecord(value)) throw manifestError(key, 'expected names with version ranges');
  for (const [name, range] of Object.entries(value)) checkRange(range, `${key}.${name}`);
}

function checkRange(range: unknown, key: string): void {
  if (range === undefined) return;
  check(isText(range) && parseRange(range) !== undefined, key, `${shown(range)} is no version range`);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? 'nothing';
}

/** Names and ranges of `conflicts`; the list form means every version. */
export function conflictsOf(manifest: PackageManifest): Readonly<Record<string, string>> {
  const { conflicts } = manifest;
  if (conflicts === undefined) return {};
  return isTexts(conflicts)
    ? Object.fromEntries(conflicts.map((name) => [name, '*']))
    : (conflicts as Record<string, string>);
}

/** Things worth saying about a valid manifest (09 §2). */
export function manifestWarnings(manifest: PackageManifest): readonly string[] {
  const warnings = ['description', 'author', 'license']
    .filter((key) => !isText(manifest[key]) || manifest[key] === '')
    .map((key) => `${key} is missing`);
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (range === '*') warnings.push(`Dependency ${name} is unversioned ("*")`);
  }
  return warnings;
}
