import { expect, test } from '@jest/globals';
import type { Engine } from '../docker/client.ts';
import type { Bed } from './bed.ts';
import { shell } from './engine-access.ts';
import { freePort } from '../../../../../tools/testing/free-port.ts';

/** Changes that a running container cannot take, and what stands beside servers; holds on every engine. */
export function changesSuite(id: string, bed: () => Bed, endpoint: () => Promise<Engine>): void {
  test(`${id} snapshots, ports and volumes put a new container in the place of the old one`, async () => {
    const provider = await bed().open();
    const engine = await endpoint();
    const created = await provider.createServer(bed().spec('swap-01'), { wait: true });
    const access = await provider.getAccess({ hostname: 'swap-01' });
    const { run: inside, write, read } = shell(engine, () => provider.getServer({ hostname: 'swap-01' }));
    await write('/root/state', 'before');
    const snapshot = await provider.snapshot!.create({ hostname: 'swap-01' });
    await write('/root/state', 'after');

    const port = (await freePort()).toString();
    const next = String(Number(port) + 1);
    const updated = await provider.updateServer(
      { hostname: 'swap-01' },
      { allowed_ports: [Number(port), Number(next)] },
    );
    expect(updated.id).not.toBe(created.id);
    expect((updated.raw as { ports: Record<string, number> }).ports[port]).toBe(Number(port));
    // Ports that follow each other are all told, though Podman lists the first.
    expect(Object.keys(updated.published_ports ?? {})).toEqual(expect.arrayContaining([port, next]));
    expect(await read('/root/state')).toBe('after');
    expect(await provider.getAccess({ hostname: 'swap-01' })).toMatchObject({
      ...access,
      hostKeyAlias: updated.id,
    });

    // As an update of a definition without a plan asks for it.
    const larger = { plan: '', cores: 1, memory: 1536 };
    expect(await provider.updateServer({ hostname: 'swap-01' }, larger)).toMatchObject(larger);

    const volume = await provider.volume!.ensure({ name: 'shared', size: 5 });
    await provider.volume!.attach(volume.id, { hostname: 'swap-01' });
    await write('/mnt/shared/file', 'kept');
    expect(await provider.volume!.list()).toMatchObject([
      { id: volume.id, name: 'shared', attached_to: 'swap-01' },
    ]);
    await expect(provider.volume!.delete(volume.id)).rejects.toMatchObject({ code: 'PROVIDER_CONFLICT' });
    await provider.volume!.detach(volume.id);
    expect(await inside('ls /mnt/shared')).toBe('');
    await provider.volume!.delete(volume.id);

    expect(await provider.snapshot!.list()).toMatchObject([{ id: snapshot.id }]);
    await provider.snapshot!.restore(snapshot.id);
    expect(await read('/root/state')).toBe('before');
    expect((await provider.listServers()).map(({ hostname }) => hostname)).toEqual(['swap-01']);
    await provider.deleteServer({ hostname: 'swap-01' }, { keepStorage: false, force: true, wait: true });
    await provider.snapshot!.delete(snapshot.id);
    expect(await provider.snapshot!.list()).toEqual([]);
    engine.close();
  });

  test('a change that fails leaves the server as it was', async () => {
    const provider = await bed().open();
    const created = await provider.createServer(bed().spec('keep-01'), { wait: true });
    const port = await freePort();
    const change = provider.updateServer(
      { hostname: 'keep-01' },
      { allowed_ports: [port], extra: { capabilities: ['NO_SUCH_CAPABILITY'] } },
    );
    await expect(change).rejects.toMatchObject({ code: expect.stringMatching(/^PROVIDER_/) });
    expect(await provider.getServer({ hostname: 'keep-01' })).toMatchObject({
      id: created.id,
      status: 'running',
    });
    await expect(provider.updateServer({ hostname: 'keep-01' }, { os: 'debian-13' })).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
    });
    await provider.deleteServer({ hostname: 'keep-01' }, { keepStorage: false, force: true, wait: true });
  });

  test('networks beside the own one', async () => {
    const provider = await bed().open();
    const { id: network } = await provider.network!.ensure({ name: 'back', cidr: '10.213.77.0/24' });
    expect(await provider.network!.ensure({ name: 'back' })).toEqual({ id: network });
    expect(await provider.network!.list()).toContainEqual({ id: network, name: 'back' });
    await provider.network!.delete(network);
    expect((await provider.network!.list()).map(({ name }) => name)).not.toContain('back');
  });
}
