import type { ConformanceSuite } from '../suite.ts';

/** Everything published to a local npm registry and the CLI installed from it, as a user does it. */
const suite: ConformanceSuite = {
  title: 'Publish every package to a local npm registry and install the CLI from it',
  async run(say) {
    const { rehearse } = await import('../../../release/src/try.ts');
    const { published, again, install, left } = await rehearse(say);
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
        check('uninstalling leaves nothing', left.length === 0, left.join(', ')),
      ],
    };
  },
};
export default suite;
