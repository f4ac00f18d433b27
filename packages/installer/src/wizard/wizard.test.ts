import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { resolve } from '../plan/resolve.ts';
import { askAfterFailure, askConfiguration, askToGoOn } from './ask.ts';

const style = { strong: (text: string) => text, mark: (name: string) => name };

/** A person who answers each question with the next line. */
function person(...answers: readonly string[]) {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  let said = '';
  const left = [...answers];
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (/^\? .*$/m.test(text) && !text.endsWith('\n')) stdin.write(`${left.shift() ?? ''}\n`);
  });
  return { asking: { streams: { stdin, stderr }, style }, said: () => said };
}

test('the wizard takes defaults for Enter, checks each answer at once, and goes back with what was answered', async () => {
  const { asking, said } = person(
    ...['', '', '', 'oci-registry', 'dev.example.com'],
    // Ports: one of them is none at first.
    ...['5001', '70000', '8181', '', ''],
    ...['4', '', '', 'no'],
    // The second time Enter keeps what was said the first time.
  );
  const configuration = await askConfiguration({ security: {} }, ['podman', 'docker'], asking);
  expect(configuration).toMatchObject({
    installation: { platform: 'podman', mode: 'solo', provider: 'local', domain: 'dev.example.com' },
    ports: { oci_registry: 5001, extension_registry: 8181, orchestrator: 9090 },
    resources: { cpu: 4, memory: 4096, disk: 20 },
  });
  expect(said()).toContain('Port of extension-registry must be a whole number from 0 to 65535');
  expect(said()).not.toContain('Second factor');
  expect(
    resolve(configuration).services.find(({ service }) => service.name === 'oci-registry'),
  ).toMatchObject({
    reason: 'chosen',
    port: 5001,
  });
});

test('a failure is asked about, and removing is what Enter does', async () => {
  for (const [answer, meant] of [
    ['', 'remove'],
    ['keep', 'keep'],
    ['r', 'retry'],
  ] as const)
    expect(await askAfterFailure(person(answer).asking)).toBe(meant);
  expect(await askToGoOn(person('n').asking, 'Deploy this?')).toBe(false);
  expect(await askToGoOn(person('').asking, 'Deploy this?')).toBe(true);
});
