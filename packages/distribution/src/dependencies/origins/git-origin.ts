import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../../artifacts/session.ts';
import { readPackageArchive } from '../../artifacts/push.ts';
import { maxArchiveBytes, verifyArchive } from '../../artifacts/download.ts';
import { readTokenFile } from '../../credentials/token-file.ts';
import type { PackageKind } from '../../extension/kind.ts';
import { GitHost } from '../../git/host.ts';
import { GitReleases } from '../../git/releases.ts';
import { readAll } from '../../oci/content.ts';
import { modeRules } from '../../signing/policy.ts';
import { emptyOrigin, missing, type Origin, packedCandidate } from './origin.ts';

/** The Git host of the configuration. @throws ProvisioningError `GIT_HOST_MISSING`, exit 3. */
export async function configuredReleases(
  session: ArtifactSession,
  organization?: string,
): Promise<GitReleases> {
  const { gitea, mode } = session.settings;
  const owner = organization ?? gitea?.organization;
  if (gitea === undefined || owner === undefined) {
    throw new ProvisioningError({
      code: 'GIT_HOST_MISSING',
      kind: 'configuration',
      message: 'No Git host for releases is configured (dependencies.registry.gitea.url, organization)',
      hint: 'set dependencies.registry.gitea of the workspace',
    });
  }
  const token =
    gitea.tokenFile === undefined
      ? undefined
      : await readTokenFile(gitea.tokenFile, {
          strict: modeRules[mode].strictTokenFiles,
          warn: (text) => session.warn(text),
        });
  return new GitReleases(
    new GitHost({
      kind: 'gitea',
      url: gitea.url,
      organization: owner,
      ...(token === undefined ? {} : { token }),
    }),
  );
}

/** Releases of a repository of the configured Gitea or Forgejo as candidates (09 §1 `gitea://`). */
export async function gitOrigin(
  session: ArtifactSession,
  where: { readonly organization?: string; readonly name: string },
  kind: PackageKind,
): Promise<Origin> {
  const { organization, name } = where;
  const releases = await configuredReleases(session, organization);
  const call = session.call;
  const found = await releases.find(kind, name, call);
  if (found === undefined) return emptyOrigin(name);
  return {
    versions: found.releases.map(({ version }) => version),
    async candidate(version) {
      const release = found.releases.find((one) => one.version === version);
      const opened = release === undefined ? undefined : await releases.open(release, call);
      if (release === undefined || opened === undefined) throw missing(name, version);
      const reference = `gitea://${releases.host.organization}/${release.repository}@${version}`;
      const bytes = await readAll(opened.stream, maxArchiveBytes, reference);
      verifyArchive(bytes, opened.digest?.slice('sha256:'.length), reference);
      const packed = await readPackageArchive(bytes, release.asset.name);
      return packedCandidate(packed, reference, { channel: 'community' });
    },
  };
}
