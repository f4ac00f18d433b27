import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { StateFile } from '@provisioning/core';
import { password, username } from '../../../providers/upcloud/test/fixture.ts';
import { UpcloudMock } from '../../../providers/upcloud/test/mock.ts';
import { CliBed } from '../testing/cli-bed.ts';

/** Load balancers of a definition at a provider that answers as the real one. The tests build on each other. */
let bed: CliBed;
let cloud: UpcloudMock;

const server = (hostname: string): string =>
  `[[servers]]\nhostname = "${hostname}"\nprovider = "upcloud"\nplan = "2xCPU-4GB"\nzone = "fi-hel1"\n`;
const balancer = (port: number, targets: string): string => `
[[network.load_balancers]]
name = "front"
targets = [${targets}]
listeners = [{ port = ${port}, target_port = 8080, protocol = "http" }]
`;

jest.setTimeout(120_000);
beforeAll(async () => {
  cloud = await UpcloudMock.start();
  bed = await CliBed.make(`${server('web-01')}${server('web-02')}${balancer(80, '"web-01"')}`);
  await writeFile(
    join(bed.workspacePath, 'config', 'providers', 'upcloud.toml'),
    `[upcloud]\napi_url = "${cloud.url}"\nrate_limit = { requests_per_minute = 60000, burst_size = 1000 }\n`,
  );
  Object.assign(bed.environment, { UPCLOUD_USERNAME: username, UPCLOUD_PASSWORD: password });
  for (const hostname of ['web-01', 'web-02']) await make(hostname);
});

async function make(hostname: string): Promise<void> {
  const provider = await (await bed.open()).project.provider('upcloud');
  const made = await provider.createServer(
    {
      ...{ hostname, plan: '2xCPU-4GB', cores: 2, memory: 4096, disk: 25, zone: 'fi-hel1' },
      ...{ os: 'debian-12', ssh_public_keys: ['ssh-ed25519 AAAA me'], allowed_ports: [], time_zone: 'UTC' },
      ...{ tags: {}, extra: {}, idempotency_key: hostname },
    },
    { wait: false },
  );
  await new StateFile(bed.infra).recordServer(made, Date.now());
}
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

interface Checked {
  readonly would: readonly { readonly kind: string; readonly name: string; readonly verb: string }[];
}

const balancers = async () => (await (await bed.open()).project.provider('upcloud')).loadBalancer!;
const planned = async (line: string) =>
  (await bed.json<Checked>(`${line} --check`)).would.map(({ kind, name, verb }) => `${verb} ${kind} ${name}`);

test('network create makes the load balancer with its servers, and takes the one there is', async () => {
  expect(await planned('network create')).toEqual(['create load-balancer front']);
  expect(await (await balancers()).list!()).toEqual([]);
  expect(await bed.cli('network create --yes --direct')).toMatchObject({ code: 0 });
  const [made] = await (await balancers()).list!();
  expect(made).toMatchObject({ name: 'front', ports: [80] });
  expect(await (await balancers()).health(made!.id)).toMatchObject({ total: 1 });
  await bed.define(`${server('web-01')}${server('web-02')}${balancer(80, '"web-01", "web-02"')}`);
  expect(await planned('network update')).toEqual(['update load-balancer front']);
  expect(await bed.cli('network update --yes --direct')).toMatchObject({ code: 0 });
  expect(await (await balancers()).list!()).toMatchObject([{ id: made!.id, targets: [{}, {}] }]);
  expect(await (await balancers()).health(made!.id)).toMatchObject({ total: 2 });
});

test('06.2 a group that shrinks is let go by its load balancer before its servers go', async () => {
  const group = `${server('app')}count = 2\n`;
  await bed.define(`${group}${balancer(80, '"app"')}`);
  for (const hostname of ['app-01', 'app-02']) await make(hostname);
  expect(await bed.cli('network update --yes --direct')).toMatchObject({ code: 0 });
  const behind = async () => (await (await balancers()).list!())[0]?.targets?.length;
  expect(await behind()).toBe(2);
  expect(await planned('server scale app --count 1')).toEqual([
    'update load-balancer front',
    'delete server app-02',
  ]);
  const before = cloud.changes().length;
  expect(await bed.cli('server scale app --count 1 --yes --direct')).toMatchObject({ code: 0 });
  const made = cloud.changes().slice(before);
  const letGo = made.findIndex((line) => /^DELETE .*\/members\/app-02-/.test(line));
  const gone = made.findIndex((line) => /^DELETE .*\/server\//.test(line));
  expect([letGo >= 0, gone > letGo]).toEqual([true, true]);
  expect(await behind()).toBe(1);
  expect(await planned('server scale app --count 0')).toEqual([
    'update load-balancer front',
    'delete server app-01',
  ]);
  expect(await bed.cli('server scale app --count 0 --yes --direct')).toMatchObject({ code: 0 });
  expect(await behind()).toBe(0);
  await bed.define(`${server('web-01')}${server('web-02')}${balancer(80, '"web-01", "web-02"')}`);
});

test('network delete removes it by name, its servers stay; an unknown name is exit 5', async () => {
  expect(await bed.cli('network delete nope --yes --direct')).toMatchObject({
    ...{ code: 5, stderr: expect.stringContaining('front') },
  });
  expect(await planned('network delete front')).toEqual(['delete load-balancer front']);
  expect(await bed.cli('network delete front --yes --direct')).toMatchObject({ code: 0 });
  expect(await (await balancers()).list!()).toEqual([]);
  const servers = await (await (await bed.open()).project.provider('upcloud')).listServers();
  expect(servers.map(({ hostname }) => hostname).sort()).toEqual(['web-01', 'web-02']);
});
