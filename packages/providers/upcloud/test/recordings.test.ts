import { describe, expect, test } from '@jest/globals';
import { UpcloudApi } from '../src/api.ts';
import { Catalogue } from '../src/catalogue.ts';
import { observe } from '../src/server/observe.ts';
import type { ApiServer } from '../src/api-types.ts';
import { cassette, recordingsAreThere, recordingsFolder } from './cassettes.ts';
import { fixture } from './fixture.ts';
import { replay } from './replay.ts';

if (!recordingsAreThere()) {
  test('the recordings are not beside the repository: the UpCloud replays are left out', () => {
    process.stderr.write(`left out: ${recordingsFolder} is not there\n`);
  });
} else {
  describe('against recordings of the real API', suite);
}

/** Runs `work` with an API client that talks to one recording; every recorded exchange must be used. */
async function playing(name: string, work: (api: UpcloudApi) => Promise<void>): Promise<void> {
  await using recording = await replay(name);
  await using setup = await fixture(recording.url);
  const api = new UpcloudApi(setup.context);
  try {
    await work(api);
    expect(recording.left).toEqual([]);
  } finally {
    await api.http.close();
  }
}

const call = { operation: 'test' };
const sent = (name: string, index: number, key: string) =>
  (cassette(name)[index]?.body as Record<string, Record<string, unknown>>)[key] ?? {};

function suite(): void {
  test('create, read, stop, start', () =>
    playing('createstartstopserver', async (api) => {
      const created = await api.createServer(sent('createstartstopserver', 0, 'server'), call);
      expect(observe(created)).toMatchObject({
        status: 'updating',
        cores: 1,
        memory: 1024,
        disk: 10,
        zone: 'fi-hel2',
        ip_addresses: {
          public: '94.237.106.241',
          utility: '10.6.6.191',
          ipv6: '2a04:3545:1000:720:d845:c4ff:fe5c:7bf8',
        },
        created_at: '2022-10-24T11:06:10.000Z',
      });
      expect(JSON.stringify(observe(created))).not.toContain('p6r56szy9mga398x');
      const running = await api.server(created.uuid, call);
      expect(observe(running).status).toBe('running');
      await api.stopServer(created.uuid, 'hard', 900, call);
      expect(observe(await api.server(created.uuid, call)).status).toBe('stopped');
      await api.startServer(created.uuid, call);
    }));

  test('create, modify, stop, delete and keep the disk', () =>
    playing('createmodifydeleteserver', async (api) => {
      const { uuid } = await api.createServer(sent('createmodifydeleteserver', 0, 'server'), call);
      await api.server(uuid, call);
      await api.modifyServer(uuid, sent('createmodifydeleteserver', 2, 'server'), call);
      expect(observe(await api.server(uuid, call)).name).toBe('Modified server');
      await api.stopServer(uuid, 'hard', 900, call);
      expect(await api.delete(`/server/${uuid}`, call)).toBe(true);
      expect((await api.storages('private', call)).length).toBeGreaterThan(0);
    }));

  test('delete with its disks', () =>
    playing('createdeleteserverandstorage', async (api) => {
      const { uuid } = await api.createServer(sent('createdeleteserverandstorage', 0, 'server'), call);
      await api.server(uuid, call);
      await api.stopServer(uuid, 'hard', 900, call);
      expect(await api.delete(`/server/${uuid}`, call, { storages: 1 })).toBe(true);
      await api.storages('private', call);
    }));

  test('details and lists by label', async () => {
    await playing('getserverdetails', async (api) => {
      const { uuid } = await api.createServer(sent('getserverdetails', 0, 'server'), call);
      expect((await api.server(uuid, call)).uuid).toBe((await api.server(uuid, call)).uuid);
    });
    await playing('getserverswithfilters', async (api) => {
      const { uuid } = await api.createServer(sent('getserverswithfilters', 0, 'server'), call);
      await api.server(uuid, call);
      const path = '/server?label=managedBy&label=testName%3Dgetserverswithfilters';
      const { servers } = await api.get<{ servers: { server: ApiServer[] } }>(path, call);
      expect(servers.server.map((server) => observe(server))).toMatchObject([
        { status: 'running', memory: 1024, tags: { testName: 'getserverswithfilters' }, ip_addresses: {} },
        { id: uuid },
      ]);
    });
  });

  test('networks and interfaces', () =>
    playing('createmodifydeletenetwork', async (api) => {
      const bodies = cassette('createmodifydeletenetwork');
      const body = (index: number) => bodies[index]?.body;
      const { network } = await api.post<{ network: { uuid: string } }>('/network', body(0), call);
      await api.put(`/network/${network.uuid}`, body(1), call);
      await api.put(`/network/${network.uuid}`, body(2), call);
      const { uuid } = await api.createServer(sent('createmodifydeletenetwork', 3, 'server'), call);
      await api.server(uuid, call);
      await api.stopServer(uuid, 'hard', 900, call);
      await api.post(`/server/${uuid}/networking/interface`, body(6), call);
      await api.put(`/server/${uuid}/networking/interface/4`, body(7), call);
      await api.delete(`/server/${uuid}/networking/interface/5`, call);
      expect(await api.delete(`/network/${network.uuid}`, call)).toBe(true);
      await api.get('/network', call, { zone: 'fi-hel2' });
    }));

  test('storages', () =>
    playing('createmodifydeletestorage', async (api) => {
      const { storage } = await api.post<{ storage: { uuid: string } }>(
        '/storage',
        {
          storage: {
            size: 10,
            tier: 'maxiops',
            title: 'Test storage',
            zone: 'fi-hel2',
            backup_rule: { interval: 'daily', time: '0430', retention: 30 },
          },
        },
        call,
      );
      await api.put(`/storage/${storage.uuid}`, { storage: { title: 'New fancy title' } }, call);
      expect(await api.delete(`/storage/${storage.uuid}`, call)).toBe(true);
    }));

  test('plans and zones become ours; a refusal keeps its code', async () => {
    await playing('getplans', async (api) => {
      const plans = await new Catalogue(api, []).apiPlans();
      expect(plans).toContainEqual(
        expect.objectContaining({ name: '2xCPU-4GB', core_number: 2, memory_amount: 4096 }),
      );
    });
    await playing('getzones', async (api) => {
      const zones = await new Catalogue(api, ['fi-hel2']).zones();
      expect(zones).toContainEqual({ name: 'fi-hel2', region: 'Helsinki', country: 'fi', available: true });
      expect(zones.map(({ name }) => name)).not.toContain('uk-tst1');
      expect(zones.filter(({ available }) => available)).toHaveLength(1);
    });
    await playing('errorhandling', async (api) => {
      await expect(api.startServer('invalid', call)).rejects.toMatchObject({
        providerCode: 'invalid',
        status: 400,
        message: expect.stringContaining('The server UUID is invalid., SERVER_INVALID'),
      });
    });
  });
}
