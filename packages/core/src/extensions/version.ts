import semver from 'semver';

/** A range as npm reads it; a comma means AND: `>=3.0.0,<4.0.0` (09 §2). `undefined` when it is none. */
export function parseRange(text: string): string | undefined {
  return semver.validRange(text.replaceAll(',', ' ')) ?? undefined;
}

/** Whether a version lies in a range; an invalid range contains nothing. */
export function satisfies(version: string, range: string): boolean {
  if (range.trim() === '*') return true;
  const parsed = parseRange(range);
  return parsed !== undefined && semver.satisfies(version, parsed);
}

/** Orders versions, lowest first; what is no version comes before every version. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [semver.parse(a), semver.parse(b)];
  if (left === null || right === null) return left === right ? a.localeCompare(b) : left === null ? -1 : 1;
  return left.compare(right);
}

/** `1.28.x` and `15` as versions that ranges can judge. */
export function concrete(version: string): string {
  const parts = version.replace(/^v/, '').replace(/\.x$/, '').split('.');
  return parts.every((part) => /^\d+$/.test(part)) ? [...parts, '0', '0'].slice(0, 3).join('.') : version;
}

/**
 * Versions that the ranges of others may mean: an extension's own, and those of the software that it brings (07 §4). Its
 * own comes first.
 */
export function versionsOf(extension: {
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}): readonly string[] {
  const { version, supports_versions: supported } = (extension.manifest['software'] ?? {}) as {
    readonly version?: unknown;
    readonly supports_versions?: unknown;
  };
  const software = [version, ...(Array.isArray(supported) ? supported : [])];
  return [extension.version, ...software.filter((one) => typeof one === 'string').map(concrete)];
}

/** Whether one of several versions lies in a range. */
export function anySatisfies(versions: readonly string[], range: string): boolean {
  return versions.some((version) => satisfies(version, range));
}
