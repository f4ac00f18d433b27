import { ProvisioningError } from '@provisioning/extensions-sdk';

/** What the store needs of a SurrealDB client; the packages are loaded only when a SurrealDB store is configured. */
export interface SurrealConnection {
  /** Results of the statements, in their order. */
  query(text: string, values?: Readonly<Record<string, unknown>>): Promise<unknown[]>;
  close(): Promise<void>;
}

export interface SurrealPlace {
  /** `ws://…` of a server, or `surrealkv://…` of a folder. */
  readonly url: string;
  readonly namespace: string;
  readonly database: string;
  readonly username?: string;
  readonly password?: string;
}

/** The part of the package `surrealdb` that is used. */
interface SurrealClient {
  connect(url: string, options?: object): Promise<unknown>;
  use(place: { readonly namespace: string; readonly database: string }): Promise<unknown>;
  query(text: string, values?: object): { collect(): Promise<unknown[]> };
  close(): Promise<unknown>;
}
interface SurrealModule {
  readonly Surreal: new (options: { readonly engines: object }) => SurrealClient;
  createRemoteEngines(): object;
}
interface SurrealNodeModule {
  createNodeEngines(): object;
}

/** Milliseconds for the first connection. */
const connectLimit = 10_000;

/**
 * Embedded engines by their folder. One that has defined an index holds its folder until the process ends, whatever is
 * closed (SurrealDB 3.0): a second opening in this process gets the same one. Every commit is synced, so nothing is lost.
 */
const engines = new Map<string, SurrealConnection>();

/** @throws ProvisioningError `STORE_NOT_AVAILABLE` when a package is missing, `STORAGE_UNAVAILABLE` */
export async function connectSurreal(place: SurrealPlace, type: string): Promise<SurrealConnection> {
  const embedded = !/^(ws|http)s?:/.test(place.url);
  const module = await load<SurrealModule>('surrealdb', type);
  const known = engines.get(place.url);
  if (known) return known;
  const kinds = embedded
    ? (await load<SurrealNodeModule>('@surrealdb/node', type)).createNodeEngines()
    : module.createRemoteEngines();
  const client = new module.Surreal({ engines: kinds });
  try {
    await connected(client, place);
  } catch (cause) {
    await client.close().catch(() => undefined);
    throw unavailable(cause as Error, embedded);
  }
  const connection: SurrealConnection = {
    query: (text, values) => client.query(text, values).collect(),
    close: async () => void (embedded || (await client.close())),
  };
  if (embedded) engines.set(place.url, connection);
  return connection;
}

async function connected(client: SurrealClient, place: SurrealPlace): Promise<void> {
  const { url, namespace, database, username, password } = place;
  const authentication = username ? { authentication: { username, password } } : {};
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${connectLimit / 1000} s`)), connectLimit);
  });
  try {
    await Promise.race([client.connect(url, { namespace, database, ...authentication }), late]);
    await client.use({ namespace, database });
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(cause: Error, embedded: boolean): ProvisioningError {
  return new ProvisioningError({
    code: 'STORAGE_UNAVAILABLE',
    kind: 'unavailable',
    message: `SurrealDB cannot be used: ${cause.message}`,
    hint: embedded
      ? 'Is another process working in its folder?'
      : 'Check storage.surrealdb.url and that the server runs',
    retryable: true,
    cause,
  });
}

async function load<T>(name: string, type: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    throw new ProvisioningError({
      code: 'STORE_NOT_AVAILABLE',
      kind: 'configuration',
      message: `storage type '${type}' needs the package surrealdb`,
      hint: 'npm i -g surrealdb @surrealdb/node',
      cause,
    });
  }
}
