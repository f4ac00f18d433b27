import { WebSocketServer } from 'ws';
import { usePackagesOf } from './packages.ts';

/**
 * `<packages> <url> <port> <user> <password>`: SurrealDB's own engine behind its RPC protocol (CBOR over WebSocket at
 * `/rpc`), for machines without the program `surreal`. It is the engine of the same version that answers, sign-in
 * included; what is missing of the server is the rest: HTTP, sessions of several users at once, the cluster.
 */
interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}
interface Codec {
  encode(value: unknown): Uint8Array;
  decode(value: Uint8Array): unknown;
}
interface Engine {
  open(state: object): void;
  send(request: object): Promise<unknown>;
  subscribe(event: 'connected' | 'error', listener: (error?: Error) => void): void;
}
interface Packages {
  readonly CborCodec: new (options: object) => Codec;
  readonly createNodeEngines: () => Record<string, (context: object) => Engine>;
}

const [, , packages = '', url = '', port = '', username = '', password = ''] = process.argv;
usePackagesOf(packages);
const names = ['surrealdb', '@surrealdb/node'];
const loaded = await Promise.all(names.map((name) => import(name) as Promise<object>));
const { CborCodec, createNodeEngines } = Object.assign({}, ...loaded) as Packages;
const cbor = new CborCodec({});
let next = 0;
const context = { options: {}, uniqueId: () => String(next++), codecs: { cbor } };
const engine = createNodeEngines()[url.split(':')[0]!]!(context);
await new Promise<void>((resolve, reject) => {
  engine.subscribe('connected', () => resolve());
  engine.subscribe('error', (error) => reject(error ?? new Error('no engine')));
  engine.open({ url: new URL(url) });
});
const user = `DEFINE USER OVERWRITE ${username} ON ROOT PASSWORD '${password}' ROLES OWNER`;
await engine.send({ method: 'query', params: [user, {}] });

const open = new Set(['version', 'ping', 'signin', 'use', 'reset']);
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(port),
  path: '/rpc',
  handleProtocols: (offered) => offered.has('cbor') && 'cbor',
});
server.on('connection', (socket) => {
  let known = false;
  socket.on('message', (data) => {
    const { id, method, params } = cbor.decode(data as Buffer) as Request;
    const answer = (rest: object) => socket.send(cbor.encode({ id, ...rest }));
    if (!known && !open.has(method)) {
      answer({ error: { code: -32000, message: 'There was a problem with authentication' } });
      return;
    }
    engine.send({ method, params }).then(
      (result) => {
        known ||= method === 'signin';
        answer({ result });
      },
      (error: Error) => answer({ error: { code: -32000, message: error.message } }),
    );
  });
});
server.on('listening', () => process.stdout.write('ready\n'));
