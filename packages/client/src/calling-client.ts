import { apiOf, type Api, callOperation, type OperationInput } from './call.ts';
import { ConnectedClient } from './connected-client.ts';
import { ProtocolError } from './errors.ts';
import type { CallOptions } from './http.ts';
import type { OperationId } from './operations.ts';
import type { ClientOptions } from './options.ts';
import type { Listed, ListFilters } from './requests.ts';
import { snakeCased } from './snake-case.ts';

/** Calls of operations: what the methods of all subjects are made of. */
export abstract class CallingClient extends ConnectedClient {
  /** Every operation of the API by its id. */
  readonly api: Api;

  constructor(options?: ClientOptions);
  /** @deprecated Give an object. */
  constructor(baseUrl: string, authUrl?: string, username?: string, password?: string, token?: string);
  constructor(
    first: ClientOptions | string = {},
    authUrl?: string,
    username?: string,
    password?: string,
    token?: string,
  ) {
    super(typeof first === 'string' ? { baseUrl: first, authUrl, username, password, token } : first);
    this.api = apiOf(this.http);
  }

  /** Calls an operation and checks what comes. */
  protected async ask<T>(operation: OperationId, input?: OperationInput): Promise<T> {
    const { data } = await callOperation<T>(this.http, operation, input);
    this.check(operation, data);
    return data;
  }

  /** One look of a wait: what fails is asked again by the wait. */
  protected async polled<T>(operation: OperationId, id: string, signal: AbortSignal): Promise<T> {
    return (await callOperation<T>(this.http, operation, { path: { id }, signal, retry: false })).data;
  }

  /** Wakes a wait when an event tells of what it waits for, where there is a WebSocket. */
  protected listen(name: string, key: string, id: string, wake: () => void): (() => void) | undefined {
    if (!this.isWebSocketOpen) return undefined;
    const listener = (event: { data: Record<string, unknown> }) => {
      if (event.data[key] === id) wake();
    };
    this.on(name, listener as never);
    return () => this.off(name, listener as never);
  }

  /** One page, with the count of all and where the next one begins. */
  protected async listed<T>(
    operation: OperationId,
    filters: string | ListFilters,
    call?: CallOptions,
  ): Promise<Listed<T>> {
    const query = queryOf(typeof filters === 'string' ? { status: filters } : filters);
    const { data, headers } = await callOperation<T[]>(this.http, operation, { ...call, query });
    if (!Array.isArray(data)) {
      throw new ProtocolError({ code: 'PROTOCOL_ERROR', message: `${operation}: expected a list` });
    }
    const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '')?.[1];
    const offset = next === undefined ? null : new URL(next, this.place.baseUrl).searchParams.get('offset');
    return Object.assign(data, {
      total: Number(headers.get('x-total-count') ?? data.length),
      nextOffset: offset === null ? undefined : Number(offset),
    });
  }
}

/** Filters as a query. */
export function queryOf({
  status,
  ...filters
}: ListFilters): Record<string, string | number | boolean | undefined> {
  return {
    ...(snakeCased(filters) as Record<string, string | number | boolean | undefined>),
    status: status === undefined ? undefined : [status].flat().join(','),
  };
}
