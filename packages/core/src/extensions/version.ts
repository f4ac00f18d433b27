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
