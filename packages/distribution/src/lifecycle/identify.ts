import { resolve } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import { parseExtensionReference } from '../artifacts/artifact-name.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { archiveOrigin, pathOrigin } from '../dependencies/origins/archive-origin.ts';
import { openOrigin, repositoryName } from '../dependencies/origins/open.ts';
import type { Origin } from '../dependencies/origins/origin.ts';
import { repositoryOrigin } from '../dependencies/origins/repository-origin.ts';
import { type Module, readModule } from '../dependencies/workspace-block.ts';
import { type PackageKind, packageKinds } from '../extension/kind.ts';
import { parseRange } from '../extension/package-manifest.ts';

/**
 * Finds out what extension a reference of the command line means: its kind, its name and where its versions are
 * (09 §1). A name without its kind is looked for in all of them.
 * @throws ProvisioningError `INVALID_REFERENCE`, `AMBIGUOUS_NAME`, exit 2; `ARTIFACT_NOT_FOUND`, exit 5.
 */
export async function identifyExtension(
  session: ArtifactSession,
  text: string,
  cwd: string,
): Promise<Module> {
  const reference = parseExtensionReference(text);
  switch (reference.form) {
    case 'name': {
      const { name, kind } = reference;
      const found = await inKinds(kind === undefined ? packageKinds : [kind], async (one) =>
        openOrigin(session, { form: 'name', name, kind: one }, { kind: one, name }),
      );
      const only = oneOf(found, name, text);
      return { ...readModule(only.kind, text, 'reference'), origin: only.origin };
    }
    case 'gitea': {
      const held = repositoryName(reference.repository);
      const name = held?.name ?? reference.repository;
      const kinds = held === undefined ? packageKinds : [held.kind];
      const found = await inKinds(kinds, (kind) => openOrigin(session, reference, { kind, name }));
      const only = oneOf(found, name, text);
      return { ...readModule(only.kind, text, 'reference'), origin: only.origin };
    }
    case 'path': {
      const path = resolve(cwd, reference.path);
      return fromContent(await pathOrigin(path), '*', { form: 'path', path }, text);
    }
    case 'archive':
      return fromContent(await archiveOrigin(session, reference), '*', reference, text);
    case 'npm': {
      const { npmOrigin } = await import('../dependencies/origins/npm-origin.ts');
      const range = reference.range === 'latest' ? '*' : reference.range;
      return fromContent(await npmOrigin(session, reference, undefined), range, reference, text);
    }
    case 'oci':
    case 'layout': {
      const place = reference.form === 'oci' ? reference.host : `layout:${reference.folder}`;
      const { tag } = reference;
      const range =
        tag === undefined || tag === 'latest' ? '*' : tag.replace('_', '+').replace(/^v(?=\d)/, '');
      const origin = await repositoryOrigin(session, { ...reference, place });
      return fromContent(origin, range, reference, text);
    }
  }
}

interface Found {
  readonly kind: PackageKind;
  readonly origin: Origin;
}

async function inKinds(
  kinds: readonly PackageKind[],
  open: (kind: PackageKind) => Promise<Origin>,
): Promise<readonly Found[]> {
  const found = await Promise.all(kinds.map(async (kind) => ({ kind, origin: await open(kind) })));
  return found.filter(({ origin }) => origin.versions.length > 0);
}

function oneOf(found: readonly Found[], name: string, text: string): Found {
  const [first, ...more] = found;
  if (first === undefined) throw notFound(text);
  if (more.length === 0) return first;
  throw new ProvisioningError({
    code: 'AMBIGUOUS_NAME',
    kind: 'usage',
    message: `Name ${name} is ambiguous: ${found.map(({ kind }) => `${kind}/${name}`).join(', ')}`,
    hint: 'write the kind too',
  });
}

/** Kind and name as the newest version that fits says. */
async function fromContent(
  origin: Origin,
  range: string,
  reference: Module['reference'],
  text: string,
): Promise<Module> {
  const parsed = parseRange(range) ?? '*';
  const newest = semver.maxSatisfying([...origin.versions], parsed) ?? undefined;
  if (newest === undefined) throw notFound(text);
  const { type, name } = (await origin.candidate(newest)).stored.package;
  return { kind: type, name, range, reference, text, origin };
}

function notFound(text: string): ProvisioningError {
  return new ProvisioningError({
    code: 'ARTIFACT_NOT_FOUND',
    kind: 'not-found',
    message: `Artifact not found: ${text}`,
    hint: 'check the name, the version and the registry',
  });
}
