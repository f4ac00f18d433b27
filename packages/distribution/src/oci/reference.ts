import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Digest, isDigest } from './digest.ts';

/** A name in a registry: `host[:port]/repository[:tag][@digest]` (09 §1). */
export interface ArtifactReference {
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const repositoryPattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const hostPattern =
  /^(?:localhost|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;

/** Whether the text is a repository path of the distribution-spec. */
export function isRepository(text: string): boolean {
  return text.length <= 255 && repositoryPattern.test(text);
}

/** Whether the text is a tag of the distribution-spec. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** Whether a first path segment names a host: it has a dot or a colon, or is `localhost`. */
export function isHost(segment: string): boolean {
  return (segment === 'localhost' || /[.:]/.test(segment)) && hostPattern.test(segment);
}

export function invalidReference(text: string, reason?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_REFERENCE',
    kind: 'usage',
    message: `Invalid artifact reference: ${text.slice(0, 300)}`,
    hint: reason ?? 'write [host[:port]/]repository:tag or …@sha256:<digest>',
  });
}

/**
 * Reads `[oci://]host[:port]/repository[:tag][@digest]`.
 * @throws ProvisioningError `INVALID_REFERENCE`.
 */
export function parseReference(text: string): ArtifactReference {
  let rest = text.startsWith('oci://') ? text.slice('oci://'.length) : text;
  const at = rest.indexOf('@');
  const digest = at === -1 ? undefined : rest.slice(at + 1);
  if (at !== -1) rest = rest.slice(0, at);
  const slash = rest.indexOf('/');
  const host = rest.slice(0, slash);
  if (slash === -1 || !isHost(host)) throw invalidReference(text, 'the first part must be a registry host');
  const path = rest.slice(slash + 1);
  const colon = path.lastIndexOf(':');
  const repository = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (!isRepository(repository)) throw invalidReference(text, `"${repository}" is not a repository path`);
  if (tag !== undefined && !isTag(tag)) throw invalidReference(text, `"${tag}" is not a tag`);
  if (digest !== undefined && !isDigest(digest)) throw invalidReference(text, `"${digest}" is not a digest`);
  return {
    host: host.toLowerCase(),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The text form of a reference. */
export function formatReference(reference: ArtifactReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.host}/${reference.repository}${tag}${digest}`;
}

/** Version as a tag: SemVer build metadata is written with `_`, since tags have no `+` (09 §1). */
export function versionToTag(version: string): string {
  return version.replace('+', '_');
}

/** The version a tag stands for; the inverse of `versionToTag`. */
export function tagToVersion(tag: string): string {
  return tag.replace('_', '+');
}

/** Tags to try for a version: as given, then with or without `v` (09 §1). */
export function tagCandidates(version: string): readonly string[] {
  const tag = versionToTag(version);
  if (!/^v?\d/.test(tag)) return [tag];
  return [tag, tag.startsWith('v') ? tag.slice(1) : `v${tag}`];
}
