import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { unpack } from '../archive/unpack.ts';
import { loadPackage } from '../artifacts/push.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import type { PackOptions } from '../extension/pack.ts';
import { publishingFindings, requireTests } from './checks.ts';
import { releaseTag, tagRelease } from './tag.ts';
import {
  publishToGit,
  publishToNpm,
  publishToRegistry,
  type PublishTarget,
  type TargetResult,
} from './targets.ts';

export interface PublishOptions extends PackOptions {
  /** Folder or archive. */
  readonly path: string;
  readonly targets: readonly PublishTarget[];
  readonly prerelease?: boolean;
  readonly sign?: boolean;
  readonly keyFile?: string;
  readonly skipTests?: boolean;
  readonly allowDirty?: boolean;
  /** Make the Git tag too. */
  readonly tag?: boolean;
  readonly check?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (message: string) => void;
}

export interface PublishReport {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly targets: readonly TargetResult[];
  readonly tag?: string;
}

/**
 * Publishes an extension: checked, tested, packed once, pushed to every target, read back (09 §12). It stops at the first
 * failure; nothing is visible before everything that can be checked has been. Run again, it skips targets that have it.
 * @throws ProvisioningError `EXTENSION_INVALID`, `TESTS_FAILED`, `VERSION_EXISTS`, `PUBLISH_FAILED`, exit 1.
 */
export async function publishExtension(
  session: ArtifactSession,
  options: PublishOptions,
): Promise<PublishReport> {
  const isFolder = (await stat(options.path).catch(() => undefined))?.isDirectory() === true;
  const packed = await loadPackage(options.path, options);
  const { name, version, type } = packed.manifest;
  const { mode } = session.settings;
  if (mode !== 'solo' && (options.skipTests === true || !isFolder)) {
    throw new ProvisioningError({
      code: 'TESTS_REQUIRED',
      kind: 'usage',
      message: isFolder
        ? `--skip-tests is allowed in solo mode only, not in ${mode} mode`
        : `An archive carries no tests; publish the folder in ${mode} mode`,
    });
  }
  const unpacked = isFolder ? undefined : await mkdtemp(join(tmpdir(), 'provisioning-publish-'));
  try {
    let folder = options.path;
    if (unpacked !== undefined) {
      folder = join(unpacked, name);
      await unpack(createReadStream(options.path), folder, session.call);
    }
    options.onProgress?.(`Checking ${name} ${version}`);
    const findings = await publishingFindings(folder, version, {
      strict: isFolder,
      ...(options.allowDirty === undefined ? {} : { allowDirty: options.allowDirty }),
    });
    if (findings.length > 0) throw notFit(name, findings);
    if (isFolder && options.skipTests !== true) {
      options.onProgress?.(`Testing ${name} ${version}`);
      await requireTests(folder, options.environment);
    }
  } finally {
    if (unpacked !== undefined) await rm(unpacked, { recursive: true, force: true });
  }
  const tag = options.tag === true ? releaseTag(type, name, version) : undefined;
  if (tag !== undefined) await tagRelease(options.path, tag, { check: true });
  const done: TargetResult[] = [];
  for (const target of options.targets) {
    options.onProgress?.(`Publishing ${name} ${version} to ${target}`);
    try {
      done.push(await publishTo(target, session, packed, options));
    } catch (error) {
      throw done.length === 0 ? error : partly(target, done, error);
    }
  }
  if (tag !== undefined && options.check !== true) await tagRelease(options.path, tag);
  return { name, version, digest: packed.digest, targets: done, ...(tag === undefined ? {} : { tag }) };
}

function publishTo(
  target: PublishTarget,
  session: ArtifactSession,
  packed: Awaited<ReturnType<typeof loadPackage>>,
  options: PublishOptions,
): Promise<TargetResult> {
  switch (target) {
    case 'oci':
      return publishToRegistry(session, packed, options);
    case 'gitea':
      return publishToGit(session, packed, options);
    case 'npm':
      return publishToNpm(session, packed, options);
  }
}

function notFit(name: string, findings: readonly { readonly message: string }[]): ProvisioningError {
  return new ProvisioningError({
    code: 'EXTENSION_INVALID',
    message: `${name} cannot be published: ${findings.map(({ message }) => message).join('; ')}`,
    hint: 'everything that is only recommended elsewhere is needed for publishing',
    issues: findings,
  });
}

function partly(target: PublishTarget, done: readonly TargetResult[], error: unknown): ProvisioningError {
  const cause = error instanceof ProvisioningError ? error : undefined;
  return new ProvisioningError({
    code: 'PUBLISH_FAILED',
    kind: cause?.kind ?? 'failure',
    message: `Publishing to ${target} failed: ${error instanceof Error ? error.message : String(error)}; done before: ${done.map(({ reference }) => reference).join(', ')}`,
    hint: cause?.hint ?? 'run the command again; what is done is skipped',
    cause: error,
  });
}
