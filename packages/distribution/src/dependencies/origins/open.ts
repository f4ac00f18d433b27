import type { ExtensionReference } from '../../artifacts/artifact-name.ts';
import type { ArtifactSession } from '../../artifacts/session.ts';
import type { PackageKind } from '../../extension/kind.ts';
import { repositorySuffix } from '../../git/releases.ts';
import { emptyOrigin, expectPackage, type Origin } from './origin.ts';
import { repositoryOrigin } from './repository-origin.ts';

/**
 * Where the versions of an extension are: what its reference names, else the configured source (09 §1, §5). Sources that
 * few commands use are loaded with their first use.
 */
export async function openOrigin(
  session: ArtifactSession,
  reference: ExtensionReference,
  wanted: { readonly kind: PackageKind; readonly name: string },
): Promise<Origin> {
  const { kind, name } = wanted;
  switch (reference.form) {
    case 'path': {
      const { pathOrigin } = await import('./archive-origin.ts');
      return pathOrigin(reference.path);
    }
    case 'archive': {
      const { archiveOrigin } = await import('./archive-origin.ts');
      const origin = await archiveOrigin(session, reference);
      expectPackage(await origin.candidate(origin.versions[0]!), wanted, reference.url);
      return origin;
    }
    case 'npm': {
      const { npmOrigin } = await import('./npm-origin.ts');
      return npmOrigin(session, reference, kind);
    }
    case 'gitea': {
      const { gitOrigin } = await import('./git-origin.ts');
      const { organization } = reference;
      return gitOrigin(session, { name, ...(organization === undefined ? {} : { organization }) }, kind);
    }
    case 'oci':
      return repositoryOrigin(session, { ...reference, place: reference.host }, kind);
    case 'layout':
      return repositoryOrigin(session, { ...reference, place: `layout:${reference.folder}` }, kind);
    case 'name':
      return configuredOrigin(session, wanted);
  }
}

/** The source that the workspace or the configuration names for plain names (09 §5 `source_type`). */
async function configuredOrigin(
  session: ArtifactSession,
  { kind, name }: { readonly kind: PackageKind; readonly name: string },
): Promise<Origin> {
  switch (session.settings.source) {
    case 'local':
      return emptyOrigin(name);
    case 'npm': {
      const { npmOrigin } = await import('./npm-origin.ts');
      const reference = { package: `@provisioning/${kind}-${name}`, range: '*' };
      return npmOrigin(session, reference, kind);
    }
    case 'gitea': {
      const { gitOrigin } = await import('./git-origin.ts');
      return gitOrigin(session, { name }, kind);
    }
    case 'http': {
      const { indexOrigin } = await import('./index-origin.ts');
      return indexOrigin(session, await session.index(), name, kind);
    }
    case 'oci':
      for (const repository of session.repositoryCandidates(name, kind)) {
        const origin = await repositoryOrigin(session, { repository }, kind);
        if (origin.versions.length > 0) return origin;
      }
      return emptyOrigin(name);
  }
}

/** Name and kind that a Git repository holds by its name: `redis_taskserv`. */
export function repositoryName(
  repository: string,
): { readonly kind: PackageKind; readonly name: string } | undefined {
  for (const [kind, suffix] of Object.entries(repositorySuffix)) {
    if (repository.endsWith(suffix))
      return { kind: kind as PackageKind, name: repository.slice(0, -suffix.length).replaceAll('_', '-') };
  }
  return undefined;
}
