import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { type ExtensionReference, floatingTag, parseExtensionReference } from '../artifacts/artifact-name.ts';
import { canonicalJson } from '../extension/canonical-json.ts';
import { type PackageKind, packageKinds, kindFolder } from '../extension/kind.ts';
import { digestOf } from '../oci/digest.ts';
import { tagToVersion } from '../oci/reference.ts';
import { repositoryName } from './origins/open.ts';
import type { Origin } from './origins/origin.ts';
import { type Mode, modeRules } from '../signing/policy.ts';

/** One entry of `dependencies.extensions.modules`. */
export interface Module {
  readonly kind: PackageKind;
  readonly name: string;
  /** Constraint on the version. */
  readonly range: string;
  readonly reference: ExtensionReference;
  readonly text: string;
  /** Already opened, when finding out the kind needed it. */
  readonly origin?: Origin;
}

/** The `dependencies` block of a workspace, as far as extensions go (09 §5). */
export interface DependencyBlock {
  readonly modules: readonly Module[];
  /** Tag of the core the workspace wants. */
  readonly core?: string;
  /** Changes with every change of the block. */
  readonly hash: string;
  readonly warnings: readonly string[];
}

function invalid(key: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_DEPENDENCIES',
    kind: 'configuration',
    message: `dependencies.${key}: ${reason}`,
    location: { file: 'config/provisioning', key: `dependencies.${key}` },
  });
}

function record(value: unknown, key: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw invalid(key, 'expected keys and values');
}

/**
 * Reads the block; what the infrastructure says adds to it or overrides by name (09 §10.1).
 * @throws ProvisioningError `INVALID_DEPENDENCIES`, `FLOATING_TAG`, exit 3.
 */
export function readDependencyBlock(
  workspace: unknown,
  options: { readonly infrastructure?: unknown; readonly mode: Mode },
): DependencyBlock {
  const warnings: string[] = [];
  const modules = new Map<string, Module>();
  for (const block of [workspace, options.infrastructure]) {
    for (const module of readModules(block)) {
      if (isFloating(module)) {
        if (modeRules[options.mode].floatingTags === 'refuse') throw floatingTag(module.text);
        warnings.push(`${module.text} is a floating tag; name a version`);
      }
      modules.set(`${module.kind}/${module.name}`, module);
    }
  }
  const core = record(record(workspace, '')['core'], 'core')['source'];
  if (core !== undefined && typeof core !== 'string') throw invalid('core.source', 'expected a reference');
  const tag = core === undefined ? undefined : /[:@]v?(\d[^:@/]*)$/.exec(core)?.[1];
  if (core !== undefined && tag !== undefined && semver.coerce(tag) === null)
    throw invalid('core.source', `"${tag}" is no version`);
  const sorted = [...modules.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
  return {
    modules: sorted,
    ...(tag === undefined ? {} : { core: tag }),
    hash: digestOf(
      canonicalJson({ core: core ?? null, modules: sorted.map(({ kind, text }) => `${kind} ${text}`) }),
    ),
    warnings,
  };
}

function readModules(block: unknown): readonly Module[] {
  const extensions = record(record(block, '')['extensions'], 'extensions');
  const lists = record(extensions['modules'], 'extensions.modules');
  const known = new Set<string>(packageKinds.map(kindFolder));
  for (const key of Object.keys(lists)) {
    if (!known.has(key))
      throw invalid(`extensions.modules.${key}`, `expected one of ${[...known].join(', ')}`);
  }
  return packageKinds.flatMap((kind) => {
    const key = `extensions.modules.${kindFolder(kind)}`;
    const list = lists[kindFolder(kind)] ?? [];
    if (!Array.isArray(list)) throw invalid(key, 'expected a list of references');
    return list.map((text: unknown, index) => {
      if (typeof text !== 'string') throw invalid(`${key}[${index}]`, 'expected a reference');
      return readModule(kind, text, `${key}[${index}]`);
    });
  });
}

export function readModule(kind: PackageKind, text: string, key: string): Module {
  const reference = parseExtensionReference(text);
  switch (reference.form) {
    case 'name':
      if (reference.kind !== undefined && reference.kind !== kind)
        throw invalid(key, `${text} is no ${kind}`);
      return {
        kind,
        name: reference.name,
        range: reference.range ?? exact(reference.version),
        reference,
        text,
      };
    case 'oci':
    case 'layout': {
      const last = reference.repository.slice(reference.repository.lastIndexOf('/') + 1);
      const name = last.endsWith(`-${kind}`) ? last.slice(0, -kind.length - 1) : last;
      return { kind, name, range: exact(reference.tag), reference, text };
    }
    case 'path': {
      const name = reference.path
        .replace(/\/+$/, '')
        .split('/')
        .at(-1)!
        .replace(/-\d.*$/, '');
      return { kind, name, range: '*', reference, text };
    }
    case 'npm': {
      const name = reference.package
        .replace(/^@[^/]+\//, '')
        .replace(/^provisioning-/, '')
        .replace(new RegExp(`^${kind}-`), '');
      return { kind, name, range: reference.range === 'latest' ? '*' : reference.range, reference, text };
    }
    case 'gitea': {
      const held = repositoryName(reference.repository);
      if (held !== undefined && held.kind !== kind) throw invalid(key, `${text} is no ${kind}`);
      const name = held?.name ?? reference.repository;
      return { kind, name, range: exact(reference.version), reference, text };
    }
    case 'archive': {
      const file = reference.url.slice(reference.url.lastIndexOf('/') + 1);
      const name = /^([a-z0-9-]+?)-\d+\.\d+\.\d+/.exec(file)?.[1];
      if (name === undefined) throw invalid(key, `${text}: a module is named <name>-<version>.tar.gz`);
      return { kind, name, range: '*', reference, text };
    }
  }
}

/** A version tag is an exact constraint, a partial one a range. */
function exact(tag: string | undefined): string {
  if (tag === undefined || tag === 'latest') return '*';
  return tagToVersion(tag).replace(/^v(?=\d)/, '');
}

function isFloating({ reference }: Module): boolean {
  return (
    (reference.form === 'name' && reference.version === 'latest') ||
    ((reference.form === 'oci' || reference.form === 'layout') &&
      reference.digest === undefined &&
      (reference.tag === undefined || reference.tag === 'latest'))
  );
}

/** @throws ProvisioningError `CORE_INCOMPATIBLE`, exit 1 (09 §10.2). */
export function checkCore(required: string | undefined, running: string): void {
  if (required === undefined) return;
  const wanted = semver.coerce(required)!.version;
  if (semver.satisfies(running.replace(/[-+].*$/, ''), `^${wanted}`)) return;
  throw new ProvisioningError({
    code: 'CORE_INCOMPATIBLE',
    message: `Core version ${running} is not compatible with ${required}`,
    hint: 'upgrade provisioning, or change dependencies.core.source of the workspace',
  });
}
