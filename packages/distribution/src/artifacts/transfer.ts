import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readExtension } from '../extension/read.ts';
import { copy, type CopyOutcome } from '../oci/copy.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { signatureTag } from '../signing/cosign.ts';
import type { CallOptions, Source, Target } from '../oci/target.ts';
import { globToRegExp } from '../archive/glob.ts';
import { parseExtensionReference, sortTags } from './artifact-name.ts';
import { mapLimited } from './listing.ts';
import type { Place } from './places.ts';
import type { ArtifactSession, Located } from './session.ts';

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly digest?: string;
  readonly bytes: number;
  readonly state: 'copied' | 'would-copy' | 'present' | 'failed';
  readonly error?: string;
}

export interface TransferOptions {
  /** With signatures and whatever else refers to an artifact. Default `true`. */
  readonly referrers?: boolean;
  /** Compare only, copy nothing. */
  readonly check?: boolean;
}

/** Copies an artifact with its signatures, digest for digest (09 §7 `oci copy`). */
export async function copyArtifact(
  session: ArtifactSession,
  source: string,
  destination: string,
  options: TransferOptions & { readonly recursive?: boolean } = {},
): Promise<readonly Transfer[]> {
  const from = await session.locate(source);
  const to = destinationOf(session, destination, from.reference);
  const transfers = [await transfer(session, from, to.place, to.repository, to.tag, options)];
  if (options.recursive !== true) return transfers;
  const done = new Set([from.repository]);
  const namespace = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
  const queue = [from];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const stored = await readExtension(next.place.source(next.repository), next.reference, session.call);
    for (const [name, range] of Object.entries(stored.package.dependencies ?? {})) {
      const located = await session.locate(`${name}@${range.replaceAll(',', ' ')}`);
      if (done.has(located.repository)) continue;
      done.add(located.repository);
      queue.push(located);
      const repository = `${namespace(to.repository)}${located.repository.slice(located.repository.lastIndexOf('/') + 1)}`;
      transfers.push(await transfer(session, located, to.place, repository, located.reference, options));
    }
  }
  return transfers;
}

function destinationOf(
  session: ArtifactSession,
  text: string,
  tag: string,
): { readonly place: Place; readonly repository: string; readonly tag: string } {
  const reference = parseExtensionReference(text);
  const name = tag.includes(':') ? 'latest' : tag;
  if (reference.form === 'oci') {
    return {
      place: session.place(reference.host),
      repository: reference.repository,
      tag: reference.tag ?? name,
    };
  }
  if (reference.form === 'layout') {
    return {
      place: session.place(`layout:${reference.folder}`),
      repository: reference.repository,
      tag: reference.tag ?? name,
    };
  }
  throw new ProvisioningError({
    code: 'INVALID_REFERENCE',
    kind: 'usage',
    message: `Invalid artifact reference: ${text}`,
    hint: 'the destination is host/repository[:tag] or layout:<folder>/name[:tag]',
  });
}

async function transfer(
  session: ArtifactSession,
  from: Located,
  place: Place,
  repository: string,
  tag: string,
  { referrers = true, check = false }: TransferOptions,
): Promise<Transfer> {
  // Copies bypass the cache: content that only passes through must not push out what is used here.
  const source = from.place.target(from.repository);
  const target = place.target(repository);
  const to = `${place.name}/${repository}:${tag}`;
  if (check) {
    const planned = await planTransfer(source, from.reference, target, tag, session.call);
    return { from: from.full, to, ...planned };
  }
  const { root, bytes, copied } = await copyWithSignatures(
    session,
    source,
    from.reference,
    target,
    tag,
    referrers,
  );
  return {
    from: from.full,
    to,
    digest: root.digest,
    bytes,
    state: copied ? 'copied' : 'present',
  };
}

/** What copying one tag would do, told by the digests on both sides. */
export async function planTransfer(
  source: Source,
  reference: string,
  target: Target,
  tag: string,
  call: CallOptions,
): Promise<Pick<Transfer, 'digest' | 'bytes' | 'state'>> {
  const { digest } = await source.resolve(reference, call);
  const there = await target.resolve(tag, call).catch((error: unknown) => {
    if (error instanceof ProvisioningError && error.kind === 'not-found') return undefined;
    throw error;
  });
  return { digest, bytes: 0, state: there?.digest === digest ? 'present' : 'would-copy' };
}

/** Copies one tag and everything that refers to it, signature tags of cosign included. */
export async function copyWithSignatures(
  session: ArtifactSession,
  source: Source & Pick<Target, 'tags'>,
  reference: string,
  target: Target,
  tag: string,
  referrers: boolean,
): Promise<{ readonly root: Descriptor; readonly bytes: number; readonly copied: boolean }> {
  let bytes = 0;
  const onContent = ({ size }: Descriptor, outcome: CopyOutcome): void => {
    if (outcome !== 'skipped') bytes += size;
  };
  const options = { ...session.call, concurrency: session.settings.concurrency, referrers, onContent };
  const root = await copy(source, reference, target, tag, options);
  if (referrers) {
    const signature = signatureTag(root);
    const tags = await source.tags(session.call);
    if (tags.includes(signature))
      await copy(source, signature, target, signature, { ...options, referrers: false });
  }
  return { root, bytes, copied: bytes > 0 };
}

export interface MirrorOptions {
  readonly include?: string;
  /** Newest versions of each artifact. Default 1. */
  readonly keepVersions?: number;
  /** Exactly these references instead of everything. */
  readonly references?: readonly string[];
  /** Compare only, copy nothing. */
  readonly check?: boolean;
}

/**
 * Copies many artifacts into another registry or layout. What is there already is skipped, so a broken run is simply
 * started again; failures are collected (09 §9 "Air-gapped").
 */
export async function mirrorArtifacts(
  session: ArtifactSession,
  to: { readonly place: Place; readonly namespace: string },
  options: MirrorOptions = {},
): Promise<readonly Transfer[]> {
  const wanted =
    options.references === undefined
      ? await everything(session, options)
      : await Promise.all(options.references.map((one) => session.locate(one)));
  return mapLimited(wanted, session.settings.concurrency, async (from) => {
    const repository = `${to.namespace}/${from.repository.slice(from.repository.lastIndexOf('/') + 1)}`;
    try {
      return await transfer(
        session,
        from,
        to.place,
        repository,
        from.reference.includes(':') ? 'latest' : from.reference,
        options,
      );
    } catch (error) {
      if (session.call.signal?.aborted === true) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      return {
        from: from.full,
        to: `${to.place.name}/${repository}`,
        bytes: 0,
        state: 'failed',
        error: reason,
      };
    }
  });
}

async function everything(session: ArtifactSession, options: MirrorOptions): Promise<readonly Located[]> {
  const place = session.place();
  const { extensions } = session.settings.namespaces;
  const glob = options.include === undefined ? undefined : globToRegExp(options.include);
  const repositories = (await place.repositories(extensions, session.call)).filter(
    (repository) => glob === undefined || glob.test(repository.slice(extensions.length + 1)),
  );
  const lists = await mapLimited(repositories, session.settings.concurrency, async (repository) => {
    const tags = sortTags(await place.source(repository).tags(session.call)).slice(
      0,
      options.keepVersions ?? 1,
    );
    return tags.map((tag) => ({
      place,
      repository,
      reference: tag,
      full: `${place.name}/${repository}:${tag}`,
    }));
  });
  return lists.flat();
}
