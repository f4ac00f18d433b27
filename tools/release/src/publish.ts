import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm } from './npm.ts';
import type { StagedPackage } from './stage.ts';

export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
  readonly state: 'published' | 'present';
}

/**
 * Publishes staged packages, those that others need first. A version that is there already is left alone: published
 * versions are immutable, so a broken release is simply run again (11 §6).
 * @param token for registries that want one; it is handed over in a file, never as an argument.
 */
export async function publishAll(
  staged: readonly StagedPackage[],
  options: {
    readonly registry: string;
    readonly tag?: string;
    readonly token?: string;
    readonly provenance?: boolean;
  },
  say: (message: string) => void,
): Promise<readonly PublishedPackage[]> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-npmrc-'));
  const userconfig = join(folder, 'npmrc');
  try {
    const { host, pathname } = new URL(options.registry);
    await writeFile(userconfig, `//${host}${pathname}:_authToken=${options.token ?? 'local'}\n`, {
      mode: 0o600,
    });
    const common = ['--registry', options.registry, '--userconfig', userconfig];
    const results: PublishedPackage[] = [];
    for (const { name, version, folder: from } of staged) {
      const known = await npm(['view', `${name}@${version}`, 'version', ...common]).catch(() => '');
      if (known.trim() === version) results.push({ name, version, state: 'present' });
      else {
        say(`Publishing ${name} ${version}`);
        const tag = options.tag ?? (version.includes('-') ? 'next' : 'latest');
        const more = options.provenance === true ? ['--provenance'] : [];
        await npm(['publish', '--ignore-scripts', '--access', 'public', '--tag', tag, ...more, ...common], {
          cwd: from,
        });
        results.push({ name, version, state: 'published' });
      }
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
