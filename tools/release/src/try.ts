/** One whole rehearsal of a release: stage, publish to a local registry, install from it, try, uninstall. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkInstall, type CheckedInstall, uninstall } from './install-check.ts';
import { type MainJob, runMainJob } from './main-job.ts';
import { npm } from './npm.ts';
import { moveLatest, type WithdrawnOnNpm } from './withdraw-npm.ts';
import { root } from './packages.ts';
import { publishAll, type PublishedPackage } from './publish.ts';
import { LocalRegistry } from './registry.ts';
import { stageAll } from './stage.ts';

export interface Rehearsal {
  readonly published: readonly PublishedPackage[];
  readonly again: readonly PublishedPackage[];
  readonly install: CheckedInstall;
  readonly left: readonly string[];
  /** Where `latest` and a second version stood after one was withdrawn. */
  readonly pointers: WithdrawnOnNpm;
  readonly job?: MainJob;
}

/** @param options.mainJob also deploys, checks and destroys the demo from the installed command line. */
export async function rehearse(
  say: (message: string) => void,
  options: { readonly mainJob?: boolean } = {},
): Promise<Rehearsal> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-release-'));
  let registry: LocalRegistry | undefined;
  try {
    const staged = await stageAll(join(folder, 'staged'), say);
    const uplink = (await npm(['config', 'get', 'registry'])).trim();
    say('Starting a local npm registry');
    registry = await LocalRegistry.start(
      join(root, 'node_modules/.cache/provisioning/verdaccio'),
      join(folder, 'registry'),
      uplink,
    );
    const published = await publishAll(staged, { registry: registry.url }, say);
    const again = await publishAll(staged, { registry: registry.url }, say);
    say('Installing the CLI from it');
    const prefix = join(folder, 'prefix');
    const home = join(folder, 'home');
    await mkdir(join(prefix, 'lib'), { recursive: true });
    await mkdir(home, { recursive: true });
    const install = await checkInstall({ registry: registry.url, prefix, home });
    const job =
      options.mainJob === true ? await runMainJob({ registry: registry.url, prefix, say }) : undefined;
    const pointers = await moveLatest(registry.url, install.version);
    const left = await uninstall(prefix);
    return { published, again, install, left, pointers, ...(job === undefined ? {} : { job }) };
  } finally {
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
