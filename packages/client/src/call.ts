import type { CallOptions, Http, HttpAnswer } from './http.ts';
import { operations, type OperationId } from './operations.ts';

export interface OperationInput extends CallOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

/** Every operation of the API by its id (14 §4): `api.getTaskStatus({path: {id}})`. */
export type Api = {
  readonly [Id in OperationId]: <T = unknown>(input?: OperationInput) => Promise<T>;
};

/** One operation of the OpenAPI document. */
export function callOperation<T>(
  http: Http,
  id: OperationId,
  input: OperationInput & {
    readonly retry?: false;
    readonly anonymous?: boolean;
    readonly accept?: number[];
  } = {},
): Promise<HttpAnswer<T>> {
  const [method, template, raw] = operations[id] as readonly [
    'GET' | 'POST' | 'PUT' | 'DELETE',
    string,
    'raw'?,
  ];
  const { path = {}, body, ...rest } = input;
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const content = method === 'GET' || method === 'DELETE' ? {} : { body: body ?? {} };
  return http.call<T>({ ...rest, ...content, method, path: filled, ...(raw ? { raw: true } : {}) });
}

export function apiOf(http: Http): Api {
  return Object.fromEntries(
    Object.keys(operations).map((id) => [
      id,
      async (input?: OperationInput) => (await callOperation(http, id as OperationId, input)).data,
    ]),
  ) as unknown as Api;
}
