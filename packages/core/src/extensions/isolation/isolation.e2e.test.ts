import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Secret, requiredProviderFunctions } from '@provisioning/extensions-sdk';
import { initialiseProvider } from '../provider-loader.ts';
import { TestFolder } from '../testing/extension-folder.ts';
import { extensionAuditFile, fileAudit } from './audit.ts';
import { ExtensionProcess } from './process.ts';
import { isolatedProvider } from './provider.ts';

const hooks = `
import { readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
export const readShadow = () => readFileSync('/etc/shadow', 'utf8');
export const readOwn = () => readFileSync(new URL('./data.txt', import.meta.url), 'utf8');
export const writeOwn = () => writeFileSync(new URL('./data.txt', import.meta.url), 'x');
export const run = (program) => spawnSync(program, ['-c', 'true']).status;
export const ask = (url) => fetch(url).then((answer) => answer.text());
export const raw = async () => (await import('node:net')).connect(1, '127.0.0.1');
export const sneak = () => process.getBuiltinModule('net').connect(1, '127.0.0.1');
export const variables = () => process.env;
export const hang = () => { for (;;) {} };
export const wait = () => new Promise(() => {});
export const crash = () => process.exit(3);
export const shout = () => { process.stdout.write('garbage {"type":"result"}\\n'.repeat(100)); throw new Error('no'); };
`;

async function extension(
  folder: TestFolder,
  more: Partial<ConstructorParameters<typeof ExtensionProcess>[0]> = {},
): Promise<ExtensionProcess> {
  await folder.write({
    'x/src/index.js': hooks,
    'x/src/data.txt': 'mine',
    'x/package.json': '{"type":"module"}',
  });
  return new ExtensionProcess({
    name: 'x',
    version: '1.0.0',
    folder: join(folder.path, 'x'),
    entry: join(folder.path, 'x/src/index.js'),
    permissions: {},
    ...more,
  });
}

test('08.A16 reading a file outside the permissions fails with its text and an audit record', async () => {
  await using folder = await TestFolder.create();
  const audit = fileAudit(folder.path);
  await using guest = await extension(folder, { audit: audit.sink });
  await expect(guest.call('invoke', 'readShadow')).rejects.toMatchObject({
    code: 'EXTENSION_PERMISSION',
    exitCode: 4,
    message: 'Permission denied: extension x may not read /etc/shadow',
  });
  expect(await guest.call('invoke', 'readOwn')).toBe('mine');
  await expect(guest.call('invoke', 'writeOwn')).rejects.toThrow('may not write');
  await audit.flush();
  const records = (await readFile(extensionAuditFile(folder.path), 'utf8')).trim().split('\n');
  expect(records.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      extension: 'x',
      version: '1.0.0',
      operation: 'readShadow',
      outcome: 'denied',
      detail: 'read /etc/shadow',
    },
    { operation: 'readOwn', outcome: 'ok' },
    { operation: 'writeOwn', outcome: 'denied' },
  ]);
});

test('programs, network and variables are closed unless declared', async () => {
  await using folder = await TestFolder.create();
  const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await using closed = await extension(folder);
    await expect(closed.call('invoke', 'run', 'sh')).rejects.toThrow('extension x may not run');
    await expect(closed.call('invoke', 'ask', url)).rejects.toThrow('may not connect to 127.0.0.1');
    await expect(closed.call('invoke', 'raw')).rejects.toThrow('may not use node:net');
    await expect(closed.call('invoke', 'sneak')).rejects.toThrow('may not use net');
    expect(
      Object.keys((await closed.call('invoke', 'variables')) as object).filter(
        (name) => name !== 'NODE_CHANNEL_FD',
      ),
    ).toEqual([]);
    await using open = await extension(folder, {
      permissions: { network: ['127.0.0.1'], exec: ['sh'] },
      environment: { TOKEN: 'a', PATH: process.env['PATH']! },
    });
    expect(await open.call('invoke', 'ask', url)).toBe('hello');
    expect(await open.call('invoke', 'run', 'sh')).toBe(0);
    await expect(open.call('invoke', 'run', 'cat')).rejects.toThrow('may not run cat');
    await expect(open.call('invoke', 'ask', 'http://localhost:1/')).rejects.toThrow(
      'may not connect to localhost',
    );
    expect(await open.call('invoke', 'variables')).toMatchObject({ TOKEN: 'a' });
  } finally {
    server.close();
  }
});

test('an extension that hangs, dies, throws or prints garbage harms only its own call', async () => {
  await using folder = await TestFolder.create();
  await using hanging = await extension(folder, { timeout: 500 });
  await expect(hanging.call('invoke', 'hang')).rejects.toMatchObject({ code: 'EXTENSION_TIMEOUT' });
  await expect(hanging.call('invoke', 'readOwn')).rejects.toMatchObject({ code: 'EXTENSION_CRASHED' });
  await using waiting = await extension(folder, { timeout: 300 });
  await expect(waiting.call('invoke', 'wait')).rejects.toMatchObject({ code: 'EXTENSION_TIMEOUT' });
  await using dying = await extension(folder);
  await expect(dying.call('invoke', 'crash')).rejects.toThrow(
    "Extension 'x' failed: its process ended (exit 3)",
  );
  await using loud = await extension(folder);
  await expect(loud.call('invoke', 'shout')).rejects.toThrow('no');
  expect(await loud.call('invoke', 'readOwn')).toBe('mine');
});

test('an isolated provider works like any other: callbacks, signals, secrets and errors come through', async () => {
  await using folder = await TestFolder.create();
  const stubs = requiredProviderFunctions
    .filter((name) => !['createServer', 'dispose', 'getServer', 'listServers'].includes(name))
    .map((name) => `${name}: async () => null,`);
  await folder.write({
    'p/package.json': '{"type":"module"}',
    'p/src/index.ts': `
      import { Type } from 'typebox';
      import { ProviderError, defineProvider } from '@provisioning/extensions-sdk';
      class Instance {
        #context: any;
        constructor(context: any) { this.#context = context; }
        async createServer(spec: any, options: any) {
          options.onProgress?.('creating');
          await options.onCreated?.('id-1');
          this.#context.log('info', String(this.#context.secrets.TOKEN));
          return { id: 'id-1', hostname: spec.hostname, token: this.#context.secrets.TOKEN.reveal() };
        }
        async getServer() { throw new ProviderError({ provider: 'p', operation: 'getServer', code: 'rate_limited', message: 'slow down' }); }
        async listServers(query: any) {
          return new Promise((resolve, reject) => query.signal.addEventListener('abort', () => reject(new Error('stopped'))));
        }
        async dispose() {}
        network = { ensure: async (network: any) => ({ id: network.name }) };
      }
      export default defineProvider({
        apiVersion: '2.0',
        metadata: () => ({ name: 'p' } as any),
        configSchema: Type.Object({}),
        serverSchema: Type.Object({}),
        defaults: { server: {} },
        init: async (context) => Object.assign(new Instance(context), { ${stubs.join(' ')} }) as any,
      });`,
  });
  const lines: string[] = [];
  const provider = await isolatedProvider(
    {
      name: 'p',
      type: 'provider',
      version: '1.0.0',
      description: '',
      category: '',
      path: join(folder.path, 'p'),
      layer: 'workspace',
      manifest: {},
      manifestFile: '',
      enabled: true,
      builtIn: false,
      ignored: [],
    },
    { entry: join(folder.path, 'p/src/index.ts'), environment: {}, cacheDir: join(folder.path, 'cache') },
  );
  expect(provider.metadata()).toEqual({ name: 'p' });
  const instance = await initialiseProvider('p', provider, {
    config: {},
    workspace: { name: 'ws', path: folder.path },
    infra: 'prod',
    secrets: { TOKEN: new Secret('s3cret') },
    environment: {},
    cacheDir: join(folder.path, 'cache'),
    log: (_level, message) => lines.push(message),
    now: Date.now,
  });
  const created: string[] = [];
  const server = await instance.createServer({ hostname: 'a' } as never, {
    wait: true,
    onProgress: (message) => lines.push(message),
    onCreated: async (id) => void created.push(id),
  });
  expect(server).toEqual({ id: 'id-1', hostname: 'a', token: 's3cret' });
  expect(created).toEqual(['id-1']);
  expect(lines).toEqual(['creating', '[redacted]']);
  expect(await instance.network!.ensure({ name: 'net' })).toEqual({ id: 'net' });
  await expect(instance.getServer({ hostname: 'a' })).rejects.toMatchObject({
    code: 'PROVIDER_RATE_LIMITED',
    retryable: true,
  });
  const stop = new AbortController();
  const listing = instance.listServers({ signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await expect(listing).rejects.toThrow('stopped');
  await instance.dispose();
});
