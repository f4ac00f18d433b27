import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { type PackageKind, readKind } from '../extension/kind.ts';
import { parseRange } from '../extension/package-manifest.ts';
import type { Digest } from '../oci/digest.ts';
import {
  type ArtifactReference,
  invalidReference,
  isHost,
  isRepository,
  isTag,
  parseReference,
  tagCandidates,
  tagToVersion,
} from '../oci/reference.ts';

/** Every form in which an extension may be named (09 §1). */
export type ExtensionReference =
  | ({ readonly form: 'oci' } & ArtifactReference)
  /** In the default registry and namespace. */
  | {
      readonly form: 'name';
      readonly kind?: PackageKind;
      readonly name: string;
      readonly version?: string;
      readonly range?: string;
    }
  | {
      readonly form: 'layout';
      readonly folder: string;
      readonly repository: string;
      readonly tag?: string;
      readonly digest?: Digest;
    }
  | { readonly form: 'npm'; readonly package: string; readonly range: string }
  | {
      readonly form: 'gitea';
      readonly organization?: string;
      readonly repository: string;
      readonly version?: string;
    }
  | { readonly form: 'archive'; readonly url: string; readonly sha256?: string }
  | { readonly form: 'path'; readonly path: string };

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws ProvisioningError `INVALID_REFERENCE`, exit 2. */
export function parseExtensionReference(text: string): ExtensionReference {
  if (text.startsWith('layout:')) return parseLayout(text);
  if (text.startsWith('npm:')) return parseNpm(text);
  if (text.startsWith('gitea://')) return parseGitea(text);
  if (/^https?:\/\//.test(text)) return parseArchive(text);
  if (text.startsWith('file:'))
    return { form: 'path', path: text.slice('file:'.length).replace(/^\/\/(?=\/)/, '') };
  if (/^(?:\.{1,2}(?:\/|$)|\/|~\/)/.test(text)) return { form: 'path', path: text };
  if (text.startsWith('oci://') || (text.includes('/') && isHost(text.slice(0, text.indexOf('/'))))) {
    return { form: 'oci', ...parseReference(text) };
  }
  return parseName(text);
}

function parseName(text: string): ExtensionReference {
  const match = /^(?:([a-z]+)\/)?([^:@/]+)(?:([:@])(.+))?$/.exec(text);
  if (match === null || !namePattern.test(match[2]!)) throw invalidReference(text);
  const kind = match[1] === undefined ? undefined : readKind(match[1]);
  if (match[1] !== undefined && kind === undefined)
    throw invalidReference(text, `"${match[1]}" is no extension type`);
  const base = { form: 'name' as const, name: match[2]!, ...(kind === undefined ? {} : { kind }) };
  const [, , , sign, rest] = match;
  if (sign === ':') {
    if (!isTag(rest!.replace('+', '_'))) throw invalidReference(text, `"${rest}" is not a version`);
    return { ...base, version: rest! };
  }
  if (sign === '@') {
    if (rest!.startsWith('sha256:'))
      throw invalidReference(text, 'a digest needs the full reference host/repository@digest');
    if (parseRange(rest!) === undefined) throw invalidReference(text, `"${rest}" is not a version range`);
    return { ...base, range: rest! };
  }
  return base;
}

function parseLayout(text: string): ExtensionReference {
  const rest = text.slice('layout:'.length);
  const slash = rest.lastIndexOf('/');
  const match = /^([^:@]+)(?::([^@]+))?(?:@(.+))?$/.exec(rest.slice(slash + 1));
  if (slash < 1 || match === null || !isRepository(match[1]!))
    throw invalidReference(text, 'write layout:<folder>/<name>:<tag>');
  const [, repository, tag, digest] = match;
  if (tag !== undefined && !isTag(tag)) throw invalidReference(text, `"${tag}" is not a tag`);
  return {
    form: 'layout',
    folder: rest.slice(0, slash),
    repository: repository!,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: digest as Digest }),
  };
}

function parseNpm(text: string): ExtensionReference {
  const match = /^npm:((?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*)(?:@(.+))?$/.exec(text);
  if (match === null) throw invalidReference(text, 'write npm:<package>@<range>');
  return { form: 'npm', package: match[1]!, range: match[2] ?? 'latest' };
}

function parseGitea(text: string): ExtensionReference {
  const match = /^gitea:\/\/(?:([A-Za-z0-9._-]+)\/)?([A-Za-z0-9._-]+)(?:@(.+))?$/.exec(text);
  if (match === null) throw invalidReference(text, 'write gitea://[organization/]repository[@version]');
  const [, organization, repository, version] = match;
  return {
    form: 'gitea',
    repository: repository!,
    ...(organization === undefined ? {} : { organization }),
    ...(version === undefined ? {} : { version }),
  };
}

function parseArchive(text: string): ExtensionReference {
  const hash = text.indexOf('#');
  const url = hash === -1 ? text : text.slice(0, hash);
  const digest = hash === -1 ? undefined : /^sha256[=:]([0-9a-f]{64})$/.exec(text.slice(hash + 1))?.[1];
  if (hash !== -1 && digest === undefined)
    throw invalidReference(text, 'the part after # must be sha256=<64 hexadecimal digits>');
  return { form: 'archive', url, ...(digest === undefined ? {} : { sha256: digest }) };
}

/** Versions among tags: newest first, then the other tags; signature and referrer tags are hidden (09 §7 `oci tags`). */
export function sortTags(tags: readonly string[]): readonly string[] {
  const shown = tags.filter((tag) => !/^sha(?:256|512)-/.test(tag));
  const isVersion = (tag: string): boolean => semver.valid(tagToVersion(tag)) !== null;
  const versions = shown
    .filter(isVersion)
    .sort((a, b) => semver.rcompare(tagToVersion(a), tagToVersion(b)) || (a < b ? -1 : 1));
  return [...versions, ...shown.filter((tag) => !isVersion(tag)).sort()];
}

/** Whether a version says all three numbers, so that only one tag can be meant. */
export function isCompleteVersion(version: string): boolean {
  return /^v?\d+\.\d+\.\d+(?:[-+_].*)?$/.test(version);
}

/** The tag among those published that a version, a partial version or a range means; `undefined` when none fits. */
export function chooseTag(
  tags: readonly string[],
  wanted: { readonly version?: string; readonly range?: string },
): string | undefined {
  const { version, range } = wanted;
  if (version !== undefined) {
    const exact = tagCandidates(version).find((candidate) => tags.includes(candidate));
    if (exact !== undefined || version === 'latest') return exact ?? newest(tags, '*');
    return /^v?\d+(\.\d+)?$/.test(version) ? newest(tags, version.replace(/^v/, '')) : undefined;
  }
  return newest(tags, range ?? '*');
}

function newest(tags: readonly string[], range: string): string | undefined {
  const parsed = parseRange(range);
  if (parsed === undefined) return undefined;
  return sortTags(tags).find((tag) => {
    const version = semver.valid(tagToVersion(tag));
    return version !== null && semver.satisfies(version, parsed);
  });
}

/** A tag that moves, where the mode wants fixed ones (09 §5). */
export function floatingTag(reference: string): ProvisioningError {
  return new ProvisioningError({
    code: 'FLOATING_TAG',
    kind: 'configuration',
    message: `Floating tag not allowed: ${reference}`,
    hint: 'name a version',
  });
}

/** `host/namespace` or `layout:<folder>` as a registry and a namespace in it. */
export function splitPlace(text: string): { readonly registry: string; readonly namespace?: string } {
  if (text.startsWith('layout:')) return { registry: text };
  const plain = text.replace(/^(?:oci|https?):\/\//, '').replace(/\/+$/, '');
  const slash = plain.indexOf('/');
  if (slash === -1) return { registry: plain };
  const namespace = plain.slice(slash + 1);
  if (!isHost(plain.slice(0, slash)) || !isRepository(namespace))
    throw invalidReference(text, 'write host/namespace');
  return { registry: plain.slice(0, slash), namespace };
}
