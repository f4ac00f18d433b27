import { type ProviderContext, ProviderError, type Secret } from '@provisioning/extensions-sdk';
import { findCredential, missingCredential, providerClient } from '@provisioning/extensions-sdk/cloud';
import { type HttpClient, providerError } from '@provisioning/extensions-sdk/http';
import { operationOf } from './declaration.ts';
import type { Declaration, OperationDeclaration } from './schema.ts';
import { fill, fillUrl, holds, valueAt } from './path.ts';

export interface CallOptions {
  readonly operation: string;
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
  readonly repeatable?: boolean;
}
type Scope = Readonly<Record<string, unknown>>;

/** More pages than this are a service that never ends its list. */
const mostPages = 1000;

/** Runs the declared operations of a service. */
export class RestService {
  readonly http: HttpClient;
  readonly provider: string;
  readonly declaration: Declaration;
  readonly #context: ProviderContext;
  readonly #credentials: Readonly<Record<string, Secret>>;

  constructor(provider: string, declaration: Declaration, context: ProviderContext) {
    this.provider = provider;
    this.declaration = declaration;
    this.#context = context;
    this.#credentials = credentialsOf(declaration, context);
    for (const { found, message } of this.credentials) if (!found) context.log('warn', message);
    this.http = providerClient(context, {
      provider,
      baseUrl: context.environment.PROVIDER_API_URL ?? declaration.base_url ?? '',
      secrets: Object.values(this.#credentials),
      headers: () => this.#authorization(),
    });
  }

  /** What `validateConfig` says of the credentials. */
  get credentials(): { found: boolean; message: string; variable: string }[] {
    const { auth } = this.declaration;
    const { method = 'api_key', env = 'PROVIDER_TOKEN' } = auth ?? {};
    const needed =
      method === 'none'
        ? []
        : method === 'basic'
          ? ([
              ['username', auth?.env_username ?? 'PROVIDER_USERNAME'],
              ['password', auth?.env_password ?? 'PROVIDER_PASSWORD'],
            ] as const)
          : ([['token', env]] as const);
    return needed.map(([key, variable]) => ({
      found: this.#credentials[key] !== undefined,
      message: `${variable} environment variable required`,
      variable,
    }));
  }

  /** Calls one operation. @throws ProviderError; `unsupported` when it is not declared and has no default. */
  async call(key: string, scope: Scope, options: CallOptions): Promise<unknown> {
    const operation = this.#operation(key, options);
    const body = await this.#request(operation, scope, options);
    return operation.item === undefined ? body : (valueAt(body, operation.item) ?? body);
  }

  /** All entries of a list operation, page by page. */
  async list(key: string, scope: Scope, options: CallOptions): Promise<unknown[]> {
    const operation = this.#operation(key, options);
    const items: unknown[] = [];
    let page: string | undefined;
    for (let count = 1; count <= mostPages; count += 1) {
      const body = await this.#request(operation, scope, options, page);
      const found = valueAt(body, operation.items);
      const entries = Array.isArray(found) ? found : Array.isArray(body) ? (body as unknown[]) : [];
      items.push(...entries);
      const next = nextPage(operation, body, count, entries.length);
      if (next === undefined || next === page) return items;
      page = next;
    }
    throw providerError({
      provider: this.provider,
      operation: options.operation,
      code: 'unknown',
      text: `the list has more than ${mostPages} pages`,
    });
  }

  #operation(key: string, options: CallOptions): OperationDeclaration {
    const operation = operationOf(this.declaration, key);
    if (operation !== undefined) return operation;
    throw new ProviderError({
      provider: this.provider,
      operation: options.operation,
      code: 'unsupported',
      message: `Provider '${this.provider}' does not support ${key}`,
      help: `Declare operations.${key} to add it.`,
    });
  }

  async #request(
    operation: OperationDeclaration,
    given: Scope,
    options: CallOptions,
    page?: string,
  ): Promise<unknown> {
    for (const { found, variable } of this.credentials) {
      if (!found) throw missingCredential(this.provider, 'API key', variable);
    }
    const scope = { config: this.#context.config, defaults: this.declaration.defaults ?? {}, ...given };
    const query = fill(operation.query ?? {}, scope) as Record<string, string>;
    const { body } = await this.http.request({
      method: operation.method,
      path: fillUrl(operation.path, scope),
      query: page === undefined ? query : { ...query, [operation.page?.param ?? 'page']: page },
      body: operation.body === undefined ? undefined : fill(operation.body, scope),
      headers:
        operation.idempotency_header === undefined || options.idempotencyKey === undefined
          ? {}
          : { [operation.idempotency_header]: options.idempotencyKey },
      operation: options.operation,
      idempotencyKey: operation.idempotency_header === undefined ? undefined : options.idempotencyKey,
      repeatable: options.repeatable,
      signal: options.signal,
    });
    if (operation.ok !== undefined && !holds(body, operation.ok)) {
      throw providerError({
        provider: this.provider,
        operation: options.operation,
        code: 'unknown',
        text: `the answer does not fulfil '${operation.ok}'`,
      });
    }
    return body;
  }

  #authorization(): Record<string, string> {
    const { method = 'api_key', header = 'Authorization', format } = this.declaration.auth ?? {};
    if (method === 'none') return {};
    const plain = Object.fromEntries(
      Object.entries(this.#credentials).map(([key, value]) => [key, value.reveal()]),
    );
    if (method === 'basic') {
      return { [header]: `Basic ${Buffer.from(`${plain.username}:${plain.password}`).toString('base64')}` };
    }
    return { [header]: String(fill(format ?? 'Bearer {{credentials.token}}', { credentials: plain })) };
  }
}

function credentialsOf(declaration: Declaration, context: ProviderContext): Record<string, Secret> {
  const { env = 'PROVIDER_TOKEN', env_username: user, env_password: password } = declaration.auth ?? {};
  const found: Record<string, Secret | undefined> = {
    token: findCredential(context, ['token', 'auth.token', 'auth.api_key'], [env]),
    username: findCredential(context, ['username', 'auth.username'], [user ?? 'PROVIDER_USERNAME']),
    password: findCredential(context, ['password', 'auth.password'], [password ?? 'PROVIDER_PASSWORD']),
  };
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, Secret] => entry[1] !== undefined),
  );
}

/**
 * The next page, or `undefined` at the end. A link only tells the value of its parameter: credentials never follow a link
 * to another place.
 */
function nextPage(
  operation: OperationDeclaration,
  body: unknown,
  count: number,
  entries: number,
): string | undefined {
  if (operation.page === undefined) return undefined;
  const { param, next, size } = operation.page;
  if (next === undefined)
    return entries === 0 || (size !== undefined && entries < size) ? undefined : String(count + 1);
  const value = valueAt(body, next);
  if (value === undefined || value === null || value === '' || value === false) return undefined;
  const link = String(value);
  if (!/^https?:|^\/|^\?/.test(link)) return link;
  return new URL(link, 'http://localhost').searchParams.get(param) ?? undefined;
}
