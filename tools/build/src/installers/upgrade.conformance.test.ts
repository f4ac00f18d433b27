import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hanging, Installation, program } from '../testing/installation.ts';

/** What an upgrade survives in its last steps, and the way back. */
describe('an upgrade', () => {
  let installation: Installation;
  const run: Installation['run'] = (...words) => installation.run(...words);
  const upgradeAndEnd = (signal: NodeJS.Signals): ReturnType<Installation['run']> =>
    run(['upgrade', '--yes', '--version', '3.2.3'], {
      onOutput: (text, child) => {
        if (text.includes('Installing 3.2.3')) setTimeout(() => child.kill(signal), 1000);
      },
    });

  beforeAll(async () => {
    installation = await Installation.make();
    await installation.publish('core', '3.2.3', (tree) => writeFileSync(join(tree, program), hanging));
    expect((await run(['orchestrator', 'start'])).code).toBe(0);
  }, 600_000);
  afterAll(() => installation?.remove(), 120_000);

  test('11.A8 an interruption when the new version is in place brings the old one back', async () => {
    const interrupted = await upgradeAndEnd('SIGINT');
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining('Upgrade failed') });
    expect((await run(['--version'])).stdout).toBe('3.2.1\n');
    expect((await installation.orchestrator()).version).toBe('2.5.3');
  }, 180_000);

  test('a kill in the middle of the exchange is taken back by the next command that changes something', async () => {
    expect((await upgradeAndEnd('SIGKILL')).code).not.toBe(0);
    // The program itself may be the broken one now: the installer takes it back.
    const repaired = await installation.installer('--prefix', installation.prefix, '--version', '3.2.1');
    expect(repaired).toMatchObject({ code: 0, stdout: expect.stringContaining('Already installed: 3.2.1') });
    expect((await run(['--version'])).stdout).toBe('3.2.1\n');
  }, 180_000);

  test('a good version takes its place, with services, and can be rolled back', async () => {
    expect((await run(['orchestrator', 'start'])).code).toBe(0);
    await installation.publish('core', '3.2.4');
    const planned = await run(['upgrade', '--check']);
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('core: 3.2.1 → 3.2.4') });
    expect(await run(['upgrade'])).toMatchObject({ code: 2 });
    expect(await run(['upgrade', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Upgraded to 3.2.4'),
    });
    expect((await run(['--version'])).stdout).toBe('3.2.4\n');
    expect((await installation.orchestrator()).version).toBe('2.5.3');
    expect(await run(['upgrade', '--version', '3.2.1', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--allow-downgrade'),
    });
    expect(await run(['upgrade', '--rollback', '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Back at 3.2.1'),
    });
    expect((await run(['--version'])).stdout).toBe('3.2.1\n');
    const receipt = JSON.parse(
      readFileSync(join(installation.prefix, 'share/provisioning/install-receipt.json'), 'utf8'),
    ) as { components: Record<string, { version: string }> };
    expect(receipt.components['core']!.version).toBe('3.2.1');
  }, 180_000);
});
