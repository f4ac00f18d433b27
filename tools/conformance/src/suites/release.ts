import type { ConformanceSuite } from '../suite.ts';

/** Everything published to a local npm registry and the CLI installed from it, as a user does it. */
const suite: ConformanceSuite = {
  title: 'Publish every package to a local npm registry and install the CLI from it',
  async run(say) {
    const { rehearse } = await import('../../../release/src/try.ts');
    const { published, again, install, left, job, pointers } = await rehearse(say, { mainJob: true });
    const check = (name: string, passed: boolean, reason: string) =>
      passed ? { name, status: 'passed' as const } : { name, status: 'failed' as const, reason };
    const size = (install.bytes / 1024 / 1024).toFixed(1);
    say(`installed ${size} MiB, ${install.packages} packages`);
    return {
      cases: [
        check(
          'every package is published',
          published.every(({ state }) => state === 'published'),
          'some were there already',
        ),
        check(
          'a second run publishes nothing',
          again.every(({ state }) => state === 'present'),
          'a version was published twice',
        ),
        check('the installed CLI works', install.commands.length > 0, 'no command ran'),
        check('the installation is below 40 MiB', install.bytes < 40 * 1024 * 1024, `${size} MiB`),
        check(
          'no package brings an install script',
          install.scripts.length === 0,
          `install scripts of ${install.scripts.join(', ')}`,
        ),
        check(
          'the main job runs from that installation: deploy, use, nothing to do, destroy',
          job !== undefined && job.servers === 3 && job.left === 0,
          `${job?.servers ?? 0} servers, ${job?.left ?? 0} left`,
        ),
        check(
          'npm: latest points back, the withdrawn version can still be had and says why not',
          pointers.latest === pointers.target &&
            pointers.deprecated.includes(pointers.target) &&
            pointers.tarball,
          JSON.stringify(pointers),
        ),
        check('uninstalling leaves nothing', left.length === 0, left.join(', ')),
      ],
    };
  },
};
export default suite;
