import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm } from './npm.ts';
import { pointNpm } from './rollback.ts';

export interface WithdrawnOnNpm {
  readonly target: string;
  readonly latest: string;
  /** What npm tells whoever asks for the withdrawn version. */
  readonly deprecated: string;
  /** Whether the withdrawn version can still be downloaded. */
  readonly tarball: boolean;
}

/** Publishes a second version of the command line to a registry of our own and withdraws it again (11 §6 "Rollback"). */
export async function moveLatest(registry: string, target: string): Promise<WithdrawnOnNpm> {
  const bad = '99.0.0';
  const name = '@provisioning/cli';
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-withdraw-'));
  const { host, pathname } = new URL(registry);
  const userconfig = join(folder, 'npmrc');
  const npmWith = (...words: string[]) =>
    npm([...words, '--registry', registry, '--userconfig', userconfig], { cwd: folder });
  try {
    await writeFile(userconfig, `//${host}${pathname}:_authToken=local\n`, { mode: 0o600 });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: bad, files: [] }));
    await npmWith('publish', '--tag', 'latest', '--access', 'public');
    await pointNpm({ registry }, bad, target, `Withdrawn; use ${target}.`, {});
    const view = async (what: string, version: string): Promise<string> =>
      (await npmWith('view', `${name}@${version}`, what)).trim();
    return {
      target,
      latest: await view('version', 'latest'),
      deprecated: await view('deprecated', bad),
      tarball: await fetch(await view('dist.tarball', bad)).then(({ ok }) => ok),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
