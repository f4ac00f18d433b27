import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Up to five names that a person may have meant, nearest first. */
export function closest(wanted: string, known: Iterable<string>): readonly string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(known)]
    .map((name) => ({ name, distance: name.startsWith(wanted) ? 0 : editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 5)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** 404 of a tag or name (09 §7). */
export function artifactNotFound(reference: string, known: Iterable<string> = []): ProvisioningError {
  const near = closest(reference, known);
  return new ProvisioningError({
    code: 'ARTIFACT_NOT_FOUND',
    kind: 'not-found',
    message: `Artifact not found: ${reference}`,
    ...(near.length === 0 ? {} : { hint: `did you mean ${near.join(', ')}?` }),
  });
}

/** Content that a manifest promised and the target does not have. */
export function blobNotFound(digest: string, where?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'BLOB_NOT_FOUND',
    kind: 'not-found',
    message: `Content not found: ${digest}${where === undefined ? '' : ` in ${where}`}`,
    hint: 'the artifact is incomplete where it is stored; push it again',
  });
}

/** Raised when the caller's signal ended the work. */
export function interrupted(what: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INTERRUPTED',
    kind: 'interrupted',
    message: `${what} was interrupted`,
  });
}
