import { expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { choosePorts, isFree, portInUse } from './ports.ts';

test('a server made anew gets its port back; a taken one is passed over', async () => {
  const first = await choosePorts('web-01', [], new Set());
  expect(await choosePorts('web-01', [], new Set())).toEqual(first);
  expect(first.get(22)).toBeGreaterThanOrEqual(20_000);
  const next = await choosePorts('web-01', [], new Set(first.values()));
  expect(next.get(22)).not.toBe(first.get(22));
});

test('allowed ports keep their number where it is free', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect(await isFree(port)).toBe(false);
  const busy = await choosePorts('web-01', [port, port, 22], new Set());
  expect([...busy.keys()]).toEqual([22, port]);
  expect(busy.get(port)).not.toBe(port);
  expect(new Set(busy.values()).size).toBe(2);
  await new Promise((resolve) => server.close(resolve));
  expect((await choosePorts('web-01', [port], new Set())).get(port)).toBe(port);
});

test.each([
  [
    'cannot listen on the TCP port: listen tcp4 127.0.0.1:21234: bind: address already in use',
    { port: 21234 },
  ],
  ['Bind for 127.0.0.1:5432 failed: port is already allocated', { port: 5432 }],
  ['port is already allocated', {}],
  ['no such image', undefined],
])('%s', (message, expected) => {
  expect(portInUse(message)).toEqual(expected);
});
