import { stat } from 'node:fs/promises';
import { globToRegExp } from '../archive/glob.ts';
import { sortTags } from '../artifacts/artifact-name.ts';
import type { ImageLayout } from '../layout/layout.ts';
import { refNameAnnotation } from '../oci/media-types.ts';
import type { Namespaces } from '../settings/oci-settings.ts';

/** What a namespace keeps (09 §9, S:53583-53589). */
export interface NamespacePolicy {
  readonly namespace: string;
  readonly description: string;
  readonly publicRead: boolean;
  readonly keepTags: number;
  readonly keepDays: number;
}

/** The namespaces with their defaults. */
export function namespacePolicies(namespaces: Namespaces): readonly NamespacePolicy[] {
  return [
    {
      namespace: namespaces.extensions,
      description: 'extension packages',
      publicRead: false,
      keepTags: 10,
      keepDays: 90,
    },
    {
      namespace: namespaces.schemas,
      description: 'schema packages',
      publicRead: false,
      keepTags: 20,
      keepDays: 180,
    },
    {
      namespace: namespaces.platform,
      description: 'platform images',
      publicRead: false,
      keepTags: 5,
      keepDays: 30,
    },
    { namespace: namespaces.test, description: 'test artifacts', publicRead: true, keepTags: 3, keepDays: 7 },
  ];
}

/** Tags that no policy takes away. */
const protectedTags: readonly string[] = ['latest', 'sha256-*', 'sha512-*'];
const dayMs = 86_400_000;

/**
 * Tags a policy removes: those neither among the newest nor young enough (09 §9).
 * @param tags tag → milliseconds since the epoch when it was pushed.
 */
export function expiredTags(
  tags: ReadonlyMap<string, number>,
  policy: Pick<NamespacePolicy, 'keepTags' | 'keepDays'>,
  options: { readonly now: number; readonly protect?: readonly string[] },
): readonly string[] {
  const guarded = [...protectedTags, ...(options.protect ?? [])].map(globToRegExp);
  const candidates = sortTags([...tags.keys()]).filter((tag) => !guarded.some((glob) => glob.test(tag)));
  return candidates
    .slice(policy.keepTags)
    .filter((tag) => options.now - tags.get(tag)! > policy.keepDays * dayMs);
}

export interface CollectionResult {
  /** `repository:tag` of what was removed. */
  readonly tags: readonly string[];
  readonly blobs: number;
  readonly bytes: number;
}

/** Applies the policies to a layout and removes what nothing names any more (09 §9 `gc`). */
export async function collectGarbage(
  layout: ImageLayout,
  policies: readonly NamespacePolicy[],
  options: {
    readonly now: number;
    readonly dryRun?: boolean;
    readonly protect?: readonly string[];
    readonly graceMs?: number;
  },
): Promise<CollectionResult> {
  const removed: string[] = [];
  for (const name of await layout.repositories()) {
    const policy = policies.find(({ namespace }) => name.startsWith(`${namespace}/`));
    if (policy === undefined) continue;
    const repository = layout.repository(name);
    const times = new Map<string, number>();
    for (const entry of await repository.entries()) {
      const tag = entry.annotations?.[refNameAnnotation]?.slice(name.length + 1);
      if (tag === undefined) continue;
      const details = await stat(layout.blobs.path(entry.digest)).catch(() => undefined);
      times.set(tag, details?.mtimeMs ?? 0);
    }
    for (const tag of expiredTags(times, policy, options)) {
      removed.push(`${name}:${tag}`);
      if (options.dryRun !== true) await repository.expire(tag);
    }
  }
  const { removed: blobs, bytes } = await layout.collectGarbage({
    dryRun: options.dryRun ?? false,
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
  });
  return { tags: removed.sort(), blobs: blobs.length, bytes };
}
