import type { IndexExtension, StaticIndex } from '@provisioning/distribution';
import semver from 'semver';
import type { Backend, BackendExtension } from '../backends/backend.ts';
import { compare, urlOf } from './records.ts';

/** What the backends hold in the form of a static index (10 §7); of one version, the earlier backend counts. */
export function indexDocument(
  answers: readonly { readonly backend: Backend; readonly extensions: readonly BackendExtension[] }[],
  now: Date,
): StaticIndex {
  const merged = new Map<string, IndexExtension>();
  for (const { backend, extensions } of answers) {
    for (const extension of extensions) {
      const { type, name, manifest } = extension;
      const { description, tags, category } = manifest ?? extension;
      const known = merged.get(`${type}/${name}`);
      const versions = new Map((known?.versions ?? []).map((one) => [one.version, one]));
      for (const { version, size, digest, published_at } of extension.versions) {
        if (versions.has(version)) continue;
        versions.set(version, {
          version,
          url: urlOf(type, name, version),
          dependencies: manifest?.version === version ? (manifest.dependencies ?? {}) : {},
          ...(digest?.startsWith('sha256:') === true ? { sha256: digest.slice('sha256:'.length) } : {}),
          ...(size === undefined ? {} : { size }),
          ...(published_at === undefined ? {} : { published_at }),
        });
      }
      const sorted = [...versions.values()].sort((a, b) => semver.rcompare(a.version, b.version));
      const stable = sorted.find(({ version }) => semver.prerelease(version) === null);
      merged.set(`${type}/${name}`, {
        ...(known ?? {
          name,
          type,
          description: description || extension.description,
          ...(category === undefined ? {} : { category }),
          tags: tags ?? extension.tags,
          channel: backend.channel,
        }),
        latest: (stable ?? sorted[0])?.version ?? '',
        versions: sorted,
      });
    }
  }
  const extensions = [...merged.values()].sort((a, b) => compare(a.name, b.name) || compare(a.type, b.type));
  return { version: 1, generated_at: now.toISOString(), extensions };
}
