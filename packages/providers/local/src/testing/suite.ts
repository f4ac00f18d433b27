import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from '../docker/client.ts';
import { choosePorts } from '../server/ports.ts';
import { containerName, networkName } from '../server/labels.ts';
import { type Bed, makeCache } from './bed.ts';
import { shell } from './engine-access.ts';

const run = promisify(execFile);

/** What holds on every engine. `id` is the acceptance item that an engine's run of it shows. */
export function engineSuite(id: string, bed: () => Bed, endpoint: () => Promise<Engine>): void {
  test(`${id} create, list, stop, start, resize and delete a server`, async () => {
    const provider = await bed().open();
    const created = await provider.createServer(bed().spec('life-01', { tags: { team: 'a' } }), {
      wait: true,
    });
    expect(created).toMatchObject({
      hostname: 'life-01',
      status: 'running',
      provider: 'local',
      plan: 'small',
    });
    expect(created.ip_addresses.private).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(created.tags).toMatchObject({ 'managed-by': 'provisioning', team: 'a' });
    const access = await provider.getAccess({ hostname: 'life-01' });
    expect(access).toMatchObject({ kind: 'ssh', host: '127.0.0.1', user: 'root', hostKeyAlias: created.id });
    expect((await provider.listServers()).map(({ hostname }) => hostname)).toEqual(['life-01']);

    const stopped = await provider.setServerState({ hostname: 'life-01' }, 'stopped', {
      wait: true,
      force: true,
    });
    expect(stopped.status).toBe('stopped');
    const resized = await provider.resizeServer({ hostname: 'life-01' }, '1xCPU-1GB');
    expect(resized).toMatchObject({ plan: '1xCPU-1GB', cores: 1, memory: 1024 });
    const running = await provider.setServerState({ hostname: 'life-01' }, 'running', {
      wait: true,
      force: false,
    });
    expect(running).toMatchObject({ status: 'running', plan: '1xCPU-1GB', id: created.id });
    const live = await provider.resizeServer({ hostname: 'life-01' }, '1xCPU-512MB');
    expect(live).toMatchObject({ plan: '1xCPU-512MB', memory: 512, status: 'running' });
    expect(await provider.getAccess({ hostname: 'life-01' })).toEqual(access);

    const remove = { keepStorage: false, force: false, wait: true };
    expect(await provider.deleteServer({ hostname: 'life-01' }, remove)).toEqual({ deleted: true });
    expect(await provider.deleteServer({ hostname: 'life-01' }, remove)).toEqual({ deleted: false });
    expect(await provider.getServer({ hostname: 'life-01' })).toBeNull();
    const engine = await endpoint();
    expect(
      await engine.inspectNetwork(networkName({ workspace: bed().workspace, infra: 'demo' })),
    ).toBeUndefined();
    engine.close();
  });

  test(`${id} keepStorage leaves the volume, and the next server of the name finds its data`, async () => {
    const provider = await bed().open();
    const engine = await endpoint();
    const spec = bed().spec('data-01', { volumes: [{ name: 'db', size: 10, mount_point: '/data' }] });
    const mine = async () =>
      (await engine.listVolumes({ 'managed-by': 'provisioning', 'provisioning.hostname': 'data-01' })).filter(
        ({ Labels }) => Labels?.['provisioning.workspace'] === bed().workspace.name,
      );
    await provider.createServer(spec, { wait: true });
    await provider.deleteServer({ hostname: 'data-01' }, { keepStorage: true, force: false, wait: true });
    const [kept] = await mine();
    expect(kept?.Name).toContain('data-01-db');
    await provider.createServer(spec, { wait: false });
    expect(await mine()).toHaveLength(1);
    await provider.deleteServer({ hostname: 'data-01' }, { keepStorage: false, force: false, wait: true });
    expect(await mine()).toHaveLength(0);
    engine.close();
  });

  test(`${id} a foreign container is never listed or deleted, whatever its name or labels are`, async () => {
    const provider = await bed().open();
    const engine = await endpoint();
    const server = await provider.createServer(bed().spec('mine-01'), { wait: false });
    const details = await engine.inspectContainer(server.id);
    const image = details!.Config.Image;
    const owner = { workspace: bed().workspace, infra: 'demo' };
    // One that has our name for a server but none of our labels, one that inherited all labels of a server.
    const named = await engine.createContainer(containerName(owner, 'other-01'), {
      Image: image,
      Labels: {},
    });
    const labelled = await engine.createContainer(`foreign-${bed().workspace.name}`, {
      Image: image,
      Labels: { ...details!.Config.Labels, 'provisioning.hostname': 'other-02' },
    });
    try {
      expect((await provider.listServers()).map(({ hostname }) => hostname)).toEqual(['mine-01']);
      const everything = await provider.listServers({ all: true });
      expect(everything.map(({ id: found }) => found)).not.toContain(labelled);
      const remove = { keepStorage: false, force: true, wait: true };
      for (const hostname of ['other-01', 'other-02']) {
        expect(await provider.deleteServer({ hostname }, remove)).toEqual({ deleted: false });
      }
      await expect(provider.createServer(bed().spec('other-01'), { wait: false })).rejects.toMatchObject({
        code: 'PROVIDER_CONFLICT',
      });
      await provider.deleteServer({ hostname: 'mine-01' }, remove);
      expect(await engine.inspectContainer(named)).toBeDefined();
      expect(await engine.inspectContainer(labelled)).toBeDefined();
    } finally {
      await engine.removeContainer(named);
      await engine.removeContainer(labelled);
      engine.close();
    }
  });

  test('two creations at once make one server, with a shared cache and without', async () => {
    const other = await makeCache(join(bed().cacheDir, '..', `cache-${Date.now()}`));
    const providers = [await bed().open(), await bed().open(), await bed().open('demo', other)];
    const created: string[] = [];
    const onCreated = async (one: string) => void created.push(one);
    const servers = await Promise.all(
      providers.map((provider) => provider.createServer(bed().spec('twin-01'), { wait: true, onCreated })),
    );
    expect(new Set(servers.map(({ id: found }) => found)).size).toBe(1);
    expect(servers.every(({ status }) => status === 'running')).toBe(true);
    expect(created).toEqual([servers[0]!.id]);
    await providers[0]!.deleteServer(
      { hostname: 'twin-01' },
      { keepStorage: false, force: true, wait: true },
    );
  });

  test('a taken port is passed over, at planning and at start', async () => {
    const provider = await bed().open();
    const owner = { workspace: bed().workspace, infra: 'demo' };
    const wished = (await choosePorts(containerName(owner, 'port-01'), [], new Set())).get(22)!;
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(wished, '127.0.0.1', resolve));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const allowed = (other.address() as { port: number }).port;
    try {
      const server = await provider.createServer(bed().spec('port-01', { allowed_ports: [allowed] }), {
        wait: true,
      });
      const { ports } = server.raw as { ports: Record<string, number> };
      expect(ports[22]).not.toBe(wished);
      expect(ports[allowed]).toBeGreaterThan(0);
      expect(ports[allowed]).not.toBe(allowed);
    } finally {
      blocker.close();
      other.close();
      await provider.deleteServer({ hostname: 'port-01' }, { keepStorage: false, force: true, wait: true });
    }
  });

  test('a stopped server whose port was taken meanwhile starts with its data on another port', async () => {
    const provider = await bed().open();
    const engine = await endpoint();
    const ref = { hostname: 'moved-01' };
    await provider.createServer(bed().spec('moved-01'), { wait: true });
    const before = await provider.getAccess(ref);
    const { write, read } = shell(engine, () => provider.getServer(ref));
    await write('/root/state', 'kept');
    await provider.setServerState(ref, 'stopped', { wait: true, force: false });
    const blocker = createServer();
    const port = before.kind === 'ssh' ? before.port : 0;
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    try {
      const started = await provider.setServerState(ref, 'running', { wait: true, force: false });
      expect(started.status).toBe('running');
      expect(await provider.getAccess(ref)).not.toMatchObject({ port });
      expect(await read('/root/state')).toBe('kept');
    } finally {
      blocker.close();
      await provider.deleteServer(ref, { keepStorage: false, force: true, wait: true });
      engine.close();
    }
  });

  test('a container killed by hand is seen, and starts again with its address and its keys', async () => {
    const provider = await bed().open();
    const engine = await endpoint();
    const server = await provider.createServer(bed().spec('kill-01'), { wait: true });
    await engine.stopContainer(server.id, 0);
    const stopped = await provider.getServer({ hostname: 'kill-01' });
    expect(stopped).toMatchObject({ status: 'stopped', id: server.id, ip_addresses: server.ip_addresses });
    const neighbour = await provider.createServer(bed().spec('kill-02'), { wait: true });
    expect(neighbour.ip_addresses.private).not.toBe(server.ip_addresses.private);
    const again = await provider.setServerState({ hostname: 'kill-01' }, 'running', {
      wait: true,
      force: false,
    });
    expect(again).toMatchObject({ status: 'running', id: server.id, ip_addresses: server.ip_addresses });
    await provider.deleteServer({ hostname: 'kill-02' }, { keepStorage: false, force: true, wait: true });
    await provider.deleteServer({ hostname: 'kill-01' }, { keepStorage: false, force: true, wait: true });
    engine.close();
  });

  test('servers reach each other by name, and root logs in with the given key only', async () => {
    const provider = await bed().open();
    const key = join(bed().cacheDir, 'id_ed25519');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const { stdout: publicKey } = await run('cat', [`${key}.pub`]);
    const spec = { ssh_public_keys: [publicKey], time_zone: 'Europe/Berlin' };
    await Promise.all(
      ['net-01', 'net-02'].map((name) => provider.createServer(bed().spec(name, spec), { wait: true })),
    );
    const access = await provider.getAccess({ hostname: 'net-01' });
    const port = access.kind === 'ssh' ? String(access.port) : '';
    const options = [
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'BatchMode=yes',
    ];
    const login = [...options, '-i', key, '-p', port, 'root@127.0.0.1'];
    const { stdout } = await run('ssh', [
      ...login,
      'hostname; date +%Z; getent hosts net-02 | wc -l; systemctl is-system-running --wait',
    ]);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'net-01',
      expect.stringMatching(/^CES?T$/),
      '1',
      'running',
    ]);
    const anonymous = [
      '-o',
      'IdentitiesOnly=yes',
      '-i',
      '/nonexistent',
      '-p',
      port,
      'root@127.0.0.1',
      'true',
    ];
    await expect(run('ssh', [...options, ...anonymous])).rejects.toThrow('Permission denied');
    for (const hostname of ['net-01', 'net-02']) {
      await provider.deleteServer({ hostname }, { keepStorage: false, force: true, wait: true });
    }
  });
}
