import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TaskservUse } from '@provisioning/extensions-sdk';
import { TaskservBed, type TestHost } from '../../../../../tools/testing/taskserv-bed.ts';
import { packBundle } from '../../taskserv/bundle.ts';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservCreate } from './create.ts';
import { taskservDelete } from './delete.ts';

/** Taskservs whose publishers a closed network does not reach, from a mirror that serves packages of the same shape. */
let bed: TaskservBed;
let host: TestHost;
let mirror: Server;
let base: string;
const files = new Map<string, Buffer>();

/** Answers on its health port, as the real one does; Perl is on every Debian. */
const program = `#!/usr/bin/perl
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nOK"; close $c; }
`;

beforeAll(async () => {
  bed = await TaskservBed.make();
  host = await bed.host('one');
  mirror = createServer((request, response) => {
    const body = files.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, body && { 'content-length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '0.0.0.0', resolve));
  const gateway = (await host.sh("ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'")).trim();
  base = `http://${gateway}:${(mirror.address() as AddressInfo).port}`;
  const archive = gzipSync(await packBundle([{ name: 'coredns', content: program, mode: 0o755 }]));
  files.set('/coredns.tgz', archive);
  files.set('/coredns.tgz.sha256', Buffer.from(`${sum(archive)}  coredns.tgz\n`));
  files.set('/kubectl', Buffer.from('#!/bin/sh\necho "Client Version: v1.28.0"\n'));
}, 300_000);

afterAll(async () => {
  mirror?.close();
  await bed?.[Symbol.asyncDispose]();
});

const sum = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const use = (name: string, config: Record<string, unknown>): TaskservUse => ({
  name,
  profile: 'default',
  config,
});
const create = (name: string, config: Record<string, unknown>) =>
  taskservCreate.run(bed.context(), { server: host.target, taskserv: use(name, config), references: [] });
const observe = (name: string, config: Record<string, unknown>) =>
  observeTaskservs(bed.context(), host.target, [use(name, config)]);

test('coredns from a mirror: checksum verified, unit started, healthy; the second run downloads nothing', async () => {
  const config = {
    download_url: `${base}/coredns.tgz`,
    checksum_url: `${base}/coredns.tgz.sha256`,
    upstream: ['192.0.2.1'],
  };
  expect(await create('coredns', config)).toMatchObject({ changed: true });
  expect(await host.sh('systemctl show -p User,ActiveState coredns')).toBe(
    'User=coredns\nActiveState=active\n',
  );
  const archive = files.get('/coredns.tgz')!;
  files.delete('/coredns.tgz');
  expect(await create('coredns', config)).toMatchObject({ changed: false });
  files.set('/coredns.tgz', archive);
  await host.sh('rm /usr/local/bin/coredns');
  expect((await observe('coredns', config))[0]!.reasons).toEqual(['/usr/local/bin/coredns is not installed']);
  expect(await create('coredns', config)).toMatchObject({ changed: true });
  const removal = {
    server: host.target,
    taskserv: use('coredns', config),
    references: [],
    cleanup_data: false,
  };
  expect(await taskservDelete.run(bed.context(), removal)).toMatchObject({
    status: 'uninstalled',
    warnings: [],
  });
  expect(await host.sh('ls /usr/local/bin; systemctl is-active coredns || true')).toBe('inactive\n');
}, 120_000);

test('a program with a given checksum: drift of its bytes is seen; a wrong one is never installed', async () => {
  const content = files.get('/kubectl')!;
  const config = { download_url: `${base}/kubectl`, download_sha256: sum(content) };
  expect(await create('kubectl', config)).toMatchObject({ changed: true });
  await host.sh('echo "# more" >> /usr/local/bin/kubectl');
  expect((await observe('kubectl', config))[0]!.reasons).toEqual(['file /usr/local/bin/kubectl differs']);
  files.set('/kubectl', Buffer.from('#!/bin/sh\necho stolen\n'));
  await expect(create('kubectl', config)).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
    message: expect.stringContaining(`expected ${sum(content)}`),
  });
  expect(await host.sh('grep -c stolen /usr/local/bin/kubectl || true')).toBe('0\n');
  files.delete('/kubectl');
  await expect(create('kubectl', config)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', retryable: true });
}, 120_000);
