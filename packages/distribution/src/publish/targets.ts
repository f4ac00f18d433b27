import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { unpack } from '../archive/unpack.ts';
import { Readable } from 'node:stream';
import { type PushOptions, pushExtension } from '../artifacts/push.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { npm } from '../dependencies/origins/npm-origin.ts';
import { configuredReleases } from '../dependencies/origins/git-origin.ts';
import type { ExtensionPackage } from '../extension/pack.ts';
import { readExtension } from '../extension/read.ts';
import { repositorySuffix } from '../git/releases.ts';
import { readAll } from '../oci/content.ts';

export const publishTargets = ['oci', 'gitea', 'npm'] as const;
export type PublishTarget = (typeof publishTargets)[number];

export interface TargetResult {
  readonly target: PublishTarget;
  readonly reference: string;
  readonly state: 'published' | 'present' | 'would-publish';
  readonly digest?: string;
  readonly signedBy?: string;
}

function alreadyPublished(version: string, reference: string): ProvisioningError {
  return new ProvisioningError({
    code: 'VERSION_EXISTS',
    kind: 'conflict',
    message: `Version ${version} already published`,
    hint: `${reference} has other content; raise the version`,
  });
}

/** Into the registry; equal content that is there already is left alone, and what was stored is read back. */
export async function publishToRegistry(
  session: ArtifactSession,
  packed: ExtensionPackage,
  options: PushOptions,
): Promise<TargetResult> {
  const pushed = await pushExtension(session, options).catch((error: unknown) => {
    const known = error instanceof ProvisioningError && error.code === 'VERSION_EXISTS';
    throw known ? alreadyPublished(packed.manifest.version, options.path) : error;
  });
  const { reference, digest, state, signedBy } = pushed;
  if (state !== 'would-push') {
    const repository = reference.slice(reference.indexOf('/') + 1, reference.lastIndexOf(':'));
    const stored = await readExtension(session.place().target(repository), digest, session.call);
    if (stored.root.digest !== digest) throw differs(reference, digest, stored.root.digest);
  }
  return {
    target: 'oci',
    reference: `oci://${reference}`,
    state: state === 'unchanged' ? 'present' : state === 'would-push' ? 'would-publish' : 'published',
    digest,
    ...(signedBy === undefined ? {} : { signedBy }),
  };
}

/** As a release of the Git host: a draft until both files are up (20 §B5). */
export async function publishToGit(
  session: ArtifactSession,
  packed: ExtensionPackage,
  options: { readonly prerelease?: boolean; readonly check?: boolean },
): Promise<TargetResult> {
  const { name, version, type } = packed.manifest;
  const releases = await configuredReleases(session);
  const { host } = releases;
  const repository = `${name}${repositorySuffix[type]}`;
  const reference = `gitea://${host.organization}/${repository}@${version}`;
  const { call } = session;
  const known = (await releases.find(type, name, call))?.releases.find((one) => one.version === version);
  if (known !== undefined) {
    const opened = await releases.open(known, call);
    const bytes = opened === undefined ? undefined : await readAll(opened.stream, 1 << 29, reference);
    if (bytes?.equals(packed.archive) !== true) throw alreadyPublished(version, reference);
    return { target: 'gitea', reference, state: 'present', digest: packed.digest };
  }
  if (options.check === true) return { target: 'gitea', reference, state: 'would-publish' };
  const base = `/repos/${host.organization}/${repository}`;
  if ((await host.json(base, call)) === undefined)
    await host.send('POST', `/orgs/${host.organization}/repos`, { name: repository, auto_init: true }, call);
  const created = await host.send(
    'POST',
    `${base}/releases`,
    {
      tag_name: `v${version}`,
      name: `${name} ${version}`,
      draft: true,
      prerelease: options.prerelease === true,
    },
    call,
  );
  const { id } = (await created.json()) as { readonly id: number };
  try {
    const sha256 = createHash('sha256').update(packed.archive).digest('hex');
    const files = [
      [packed.fileName, packed.archive],
      [`${packed.fileName}.sha256`, Buffer.from(`${sha256}  ${packed.fileName}\n`)],
    ] as const;
    for (const [file, bytes] of files) {
      const form = new FormData();
      form.append('attachment', new Blob([new Uint8Array(bytes)]), file);
      const path = `${base}/releases/${id}/assets?name=${encodeURIComponent(file)}`;
      await (await host.send('POST', path, form, call)).body?.cancel();
    }
    await (await host.send('PATCH', `${base}/releases/${id}`, { draft: false }, call)).body?.cancel();
  } catch (error) {
    // Half a release is worse than none: nobody has seen the draft.
    await host.send('DELETE', `${base}/releases/${id}`).catch(() => undefined);
    throw error;
  }
  return { target: 'gitea', reference, state: 'published', digest: packed.digest };
}

/** On npm, under the name that its `package.json` has; the packed content is published, not the working folder. */
export async function publishToNpm(
  session: ArtifactSession,
  packed: ExtensionPackage,
  options: { readonly prerelease?: boolean; readonly check?: boolean },
): Promise<TargetResult> {
  const { version } = packed.manifest;
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-publish-'));
  const content = join(folder, 'content');
  try {
    await unpack(Readable.from([packed.archive]), content, session.call);
    const text = await readFile(join(content, 'package.json'), 'utf8').catch(() => undefined);
    const described = JSON.parse(text ?? '{}') as { readonly name?: string; readonly version?: string };
    if (described.name === undefined || described.version !== version) {
      throw new ProvisioningError({
        code: 'NPM_PACKAGE',
        kind: 'configuration',
        message: `package.json needs a name and version ${version} for npm`,
      });
    }
    const reference = `npm:${described.name}@${version}`;
    const packing = await npm(session, ['pack', '--json', '--ignore-scripts', '--dry-run'], content);
    const [{ integrity }] = JSON.parse(packing) as [{ readonly integrity: string }];
    const asked = ['view', '--json', `${described.name}@${version}`, 'dist.integrity'];
    const seen = await npm(session, asked, content).then(
      (answer) => (answer.trim() === '' ? undefined : (JSON.parse(answer) as string)),
      (error: unknown) => {
        if (error instanceof ProvisioningError && error.kind === 'not-found') return undefined;
        throw error;
      },
    );
    if (seen !== undefined) {
      if (seen !== integrity) throw alreadyPublished(version, reference);
      return { target: 'npm', reference, state: 'present', digest: integrity };
    }
    if (options.check === true) return { target: 'npm', reference, state: 'would-publish' };
    const tag = options.prerelease === true ? ['--tag', 'next'] : [];
    await npm(session, ['publish', '--ignore-scripts', ...tag], content);
    return { target: 'npm', reference, state: 'published', digest: integrity };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function differs(reference: string, expected: string, found: string): ProvisioningError {
  return new ProvisioningError({
    code: 'DIGEST_MISMATCH',
    message: `Digest mismatch for ${reference}: expected ${expected}, got ${found}`,
    hint: 'the registry did not keep what it was given',
  });
}
