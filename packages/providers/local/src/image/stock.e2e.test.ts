import { expect, test } from '@jest/globals';
import { Engine } from '../docker/client.ts';
import { serviceSocket } from '../engine/service.ts';
import { makeBed } from '../testing/bed.ts';

test('a plain image gets systemd and sshd once; one that cannot be pulled says so', async () => {
  await using bed = await makeBed();
  const provider = await bed.open();
  const whole = await provider.createServer(bed.spec('whole-01'), { wait: true });
  const socket = serviceSocket({ cacheDir: bed.cacheDir, variables: {}, log: () => undefined });
  const engine = await Engine.connect({ kind: 'socket', path: socket });
  const repository = `localhost/prov-test-${bed.workspace.name}`;
  const plain = `${repository}:plain`;
  try {
    // A registry is out of reach here: the plain image is a server without what makes it one.
    const strip =
      'dpkg --purge --force-depends openssh-server systemd-sysv > /dev/null 2>&1; rm -f /sbin/init';
    await engine.exec(whole.id, ['/bin/sh', '-c', strip]);
    await engine.commit(whole.id, repository, 'plain', {});
    const said: string[] = [];
    const spec = bed.spec('plain-01', { os: plain });
    const server = await provider.createServer(spec, { wait: true, onProgress: (line) => said.push(line) });
    expect(server).toMatchObject({ status: 'running', os: plain });
    expect(said.join('\n')).toContain(`Installing systemd and sshd in ${plain}, once`);
    const again: string[] = [];
    const other = bed.spec('plain-02', { os: plain });
    await provider.createServer(other, { wait: true, onProgress: (line) => again.push(line) });
    expect(again.join('\n')).not.toContain('Installing');

    const missing = bed.spec('missing-01', { os: 'registry.invalid/none/such:1' });
    await expect(provider.createServer(missing, { wait: true })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('Image registry.invalid/none/such:1 cannot be pulled'),
    });
    await expect(
      provider.createServer(bed.spec('odd-01', { os: 'plan9' }), { wait: true }),
    ).rejects.toMatchObject({
      code: 'PROVIDER_INVALID',
      message: "No image for operating system 'plan9'",
    });
    const image = (server.raw as { image: string }).image;
    for (const hostname of ['whole-01', 'plain-01', 'plain-02']) {
      await provider.deleteServer({ hostname }, { keepStorage: false, force: true, wait: true });
    }
    await engine.removeImage(image);
  } finally {
    await engine.removeImage(plain);
    engine.close();
  }
}, 180_000);
