import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TaskservBed, type TestHost, watchArguments } from '../../../../../tools/testing/taskserv-bed.ts';
import { taskservCreate } from './create.ts';
import { taskservDelete } from './delete.ts';
import { live, lives, useOf as use } from './testing/lives.ts';

/** Every taskserv is installed for real, does its work, is left alone by a second run, takes a new setting, and goes. */
let bed: TaskservBed;
let host: TestHost;

beforeAll(async () => {
  bed = await TaskservBed.make();
  host = await bed.host('one');
}, 300_000);

afterAll(() => bed?.[Symbol.asyncDispose]());

const create = (name: string, config: Record<string, unknown> = {}) =>
  taskservCreate.run(bed.context(), { server: host.target, taskserv: use(name, config), references: [] });

test.each(Object.entries(lives))(
  '07 §3 %s: install, health, work, second run, new setting, removal',
  (name, life) => live(bed, host, name, life),
  480_000,
);

test('secrets of real services reach no process argument, no log and no file others can read', async () => {
  const secret = 'pa55-of-real-services';
  const watch = await watchArguments(host, 'pa55-of-rea[l]');
  const services = {
    redis: { password: secret },
    webhook: { secret, hooks: [{ id: 'hello', command: '/bin/echo' }] },
    'oci-reg': { auth_enabled: true, password: secret },
  };
  for (const [name, config] of Object.entries(services)) {
    await create(name, config);
    expect(await create(name, config)).toMatchObject({ changed: false });
  }
  expect(await watch()).toBe('');
  expect(JSON.stringify(bed.progress)).not.toContain(secret);
  expect(await host.sh(`journalctl -q --no-pager | grep -c ${secret} || true`)).toBe('0\n');
  const open = `grep -rlE 'pa55-of-real-service[s]' /run /tmp /var/lib/provisioning /var/log /etc 2>/dev/null || true`;
  expect(
    await host.sh(`for f in $(${open}); do stat -c '%a %n' "$f"; done | grep -v '^[0-7]*[0-7]0 ' || true`),
  ).toBe('');
  for (const [name, config] of Object.entries(services)) {
    const removal = { server: host.target, taskserv: use(name, config), references: [], cleanup_data: true };
    await taskservDelete.run(bed.context(), removal);
  }
}, 240_000);

test('external-nfs: a server that does not answer, or a kernel without NFS, is told and leaves no mount', async () => {
  const options = 'nfsvers=4.2,soft,timeo=10,retrans=1,retry=0';
  await expect(create('external-nfs', { address: '127.0.0.1', options })).rejects.toMatchObject({
    code: 'TASKSERV_START_FAILED',
    message: expect.stringContaining('mnt-nfs.mount'),
  });
  await host.sh('! grep -q /mnt/nfs /proc/mounts; apt-get -qq -y purge --auto-remove nfs-common >/dev/null');
}, 120_000);

test('resolv: wanted name servers, drift, and back to what was', async () => {
  const before = await host.sh('cat /etc/resolv.conf');
  const config = { nameservers: ['192.0.2.53'], search: ['example.org'] };
  expect(await create('resolv', config)).toMatchObject({ changed: true });
  expect(await host.sh('grep -v "^#" /etc/resolv.conf')).toBe('nameserver 192.0.2.53\nsearch example.org\n');
  expect(await create('resolv', config)).toMatchObject({ changed: false });
  await host.sh('echo "nameserver 198.51.100.1" >> /etc/resolv.conf');
  expect(await create('resolv', config)).toMatchObject({
    changed: true,
    reasons: ['resolv.conf is different, not as defined'],
  });
  const removal = {
    server: host.target,
    taskserv: use('resolv', config),
    references: [],
    cleanup_data: false,
  };
  await taskservDelete.run(bed.context(), removal);
  expect(await host.sh('cat /etc/resolv.conf')).toBe(before);
});
