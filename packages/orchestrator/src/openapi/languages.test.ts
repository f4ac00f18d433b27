import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { allRoutes } from '../api/routes/index.ts';
import { openApiDocument } from './document.ts';

const sources = join(import.meta.dirname, '../../../client/languages');
const document = openApiDocument(allRoutes, '0') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

interface Route {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly 'x-aliases'?: readonly string[];
}

const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, route]) => ({ path, method, ...route })),
);
/** What is served, however it is spelt: `/api/v1/tasks/{}`. */
const served = new Set(
  routes.flatMap(({ path, 'x-aliases': aliases = [] }) =>
    [path, ...aliases].map((one) => one.replaceAll(/\{\w+\}/g, '{}')),
  ),
);

/** What the clients of all languages can do (14 §9), in the words of Python and Rust. */
const methods = [
  ...['authenticate', 'create_server_workflow', 'create_taskserv_workflow', 'create_cluster_workflow'],
  ...['get_task_status', 'list_tasks', 'wait_for_task_completion', 'execute_batch_operation'],
  ...['get_batch_status', 'cancel_batch_operation', 'connect_websocket'],
];
const inGo = (name: string) =>
  name
    .replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
    .replace('Websocket', 'WebSocket');

interface Language {
  readonly name: string;
  /** How a method of the client is written. */
  readonly method: (name: string) => string;
  readonly methods: readonly string[];
}

const system = ['get_system_health', 'get_system_metrics'];
const languages: readonly Language[] = [
  {
    name: 'python',
    method: (name) => `async def ${name}(`,
    methods: [...methods, ...system, 'disconnect_websocket'],
  },
  { name: 'go', method: (name) => `func (c *Client) ${inGo(name)}(`, methods },
  { name: 'rust', method: (name) => `pub async fn ${name}(`, methods: [...methods, ...system] },
];

/** The socket is no operation of the description; who signs in asks another service (15 §5); what all addresses begin with. */
const elsewhere = new Set(['/ws', '/auth/login', '/auth/refresh', '/api/', '/api/v1']);

/** The addresses in a source: literals that begin with a slash, and what Go and the others put into them. */
function addresses(source: string): string[] {
  const filled = source
    .replaceAll(/"\+url\.PathEscape\(\w+\)(?:\+"|(?=[,)]))/g, '{}')
    .replaceAll(/\{\w+\}/g, '{}');
  return [...filled.matchAll(/["'](\/[a-z][a-z0-9/{}]*)/g)].map(([, address]) => address!);
}

// The whole of it, with generators and compilers, is the conformance suite `clients`.
describe('14.A20 clients of other languages', () => {
  test('14.A20 the served description is one that clients can be generated from', () => {
    const text = JSON.stringify(document);
    const referred = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!);
    expect(referred.length).toBeGreaterThan(routes.length);
    const missing = referred.filter((reference) => {
      const [root, kind, part, name = ''] = reference.split('/');
      return root !== '#' || kind !== 'components' || document.components[part!]?.[name] === undefined;
    });
    expect([...new Set(missing)]).toEqual([]);
    // Names that differ in case only are one in a language that writes them otherwise.
    const names = routes.map(({ operationId }) => operationId.toLowerCase());
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { operationId, tags } of routes) {
      expect(operationId).toMatch(/^[a-z][A-Za-z0-9]*$/);
      expect(tags).toHaveLength(1);
    }
    // A parameter in a path is one that the route describes.
    for (const { path, ...route } of routes) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      const { parameters = [] } = route as { parameters?: readonly { in: string; name: string }[] };
      const described = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect({ path, described: [...described].sort() }).toEqual({ path, described: [...named].sort() });
    }
  });

  test.each(languages)('14.A20 $name: has every method, and asks only for what is served', (language) => {
    const files = globSync('client/*', { cwd: join(sources, language.name) });
    const source = files.map((file) => readFileSync(join(sources, language.name, file), 'utf8')).join('\n');
    expect(language.methods.filter((name) => !source.includes(language.method(name)))).toEqual([]);
    const asked = [...new Set(addresses(source))].sort();
    expect(asked).toEqual(
      expect.arrayContaining([
        ...['/api/versions', '/batch/execute', '/batch/operations/{}', '/batch/operations/{}/cancel'],
        ...['/tasks', '/tasks/{}', '/workflows/cluster/create', '/workflows/servers/create'],
      ]),
    );
    const unknown = asked.filter(
      (address) => !served.has(address) && !served.has(`/api/v1${address}`) && !elsewhere.has(address),
    );
    expect(unknown).toEqual([]);
  });
});
