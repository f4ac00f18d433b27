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
interface SurrealModule {
  readonly Surreal: new (options: { readonly engines: object }) => {
    connect(url: string, options?: object): Promise<unknown>;
    use(place: { readonly namespace: string; readonly database: string }): Promise<unknown>;
    query(text: string, values?: object): { collect(): Promise<unknown[]> };
    close(): Promise<unknown>;
  };
  createRemoteEngines(): object;
}
interface SurrealNodeModule {
  createNodeEngines(): object;
}

/** Milliseconds for the first connection. */
const connectLimit = 10_000;

/** @throws ProvisioningError `STORE_NOT_AVAILABLE` when a package is missing, `STORAGE_UNAVAILABLE` */
export async function connectSurreal(place: SurrealPlace, type: string): Promise<SurrealConnection> {
  const embedded = !/^(ws|http)s?:/.test(place.url);
  const module = await load<SurrealModule>('surrealdb', type);
  const engines = embedded
    ? (await load<SurrealNodeModule>('@surrealdb/node', type)).createNodeEngines()
    : module.createRemoteEngines();
  const client = new module.Surreal({ engines });
  const { namespace, database, username, password } = place;
  const authentication = username ? { authentication: { username, password } } : {};
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${connectLimit / 1000} s`)), connectLimit);
  });
  try {
    await Promise.race([client.connect(place.url, { namespace, database, ...authentication }), late]);
    await client.use({ namespace, database });
  } catch (cause) {
    await client.close().catch(() => undefined);
    throw new ProvisioningError({
      code: 'STORAGE_UNAVAILABLE',
      kind: 'unavailable',
      message: `SurrealDB cannot be used: ${(cause as Error).message}`,
      hint: embedded
        ? 'Is another process working in its folder?'
        : 'Check storage.surrealdb.url and that the server runs',
      retryable: true,
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
  return {
    query: (text, values) => client.query(text, values).collect(),
    close: async () => void (await client.close()),
  };
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
