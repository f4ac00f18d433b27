import { applyDecorators, RequestMapping, RequestMethod, SetMetadata } from '@nestjs/common';
import type { TSchema } from 'typebox';

/** Everything that is known of a route; validation, security and the OpenAPI document come from this one place. */
export interface RouteSpec {
  /** Stable camelCase name, verb and noun: `listTasks` (13 §10). */
  readonly operationId: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the prefix, parameters as `{id}`: `/tasks/{id}`. */
  readonly path: string;
  /** Other paths of the same handler. */
  readonly aliases?: readonly string[];
  /** At the root of the server instead of below the prefix: `/health`. */
  readonly root?: boolean;
  readonly tag: string;
  readonly summary: string;
  /** Status of success; default 200. */
  readonly status?: number;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** An absent body is accepted as `{}`. */
  readonly bodyOptional?: boolean;
  /** Schema of `data`. */
  readonly data?: TSchema;
  /** Media type of an answer that is not the envelope. */
  readonly raw?: string;
  /** Needs no token. */
  readonly public?: boolean;
  /** Needs no token where the service lets everybody read. */
  readonly readable?: boolean;
  /** Needs no token from the addresses that the service trusts: metrics. */
  readonly machine?: boolean;
  readonly mfa?: 'always' | 'production';
  readonly paged?: boolean;
  /** A single record: its answers carry an `ETag`. */
  readonly etag?: boolean;
  /** The body may come as TOML or YAML too. */
  readonly document?: boolean;
  readonly rateLimit?: 'general' | 'batch' | 'login' | 'none';
}

export const routeMetadata = 'provisioning:route';

/** Marks a controller's method as the handler of a route. */
export function Endpoint(route: RouteSpec): MethodDecorator {
  const paths = [route.path, ...(route.aliases ?? [])].map((path) => path.replace(/\{(\w+)\}/g, ':$1'));
  return applyDecorators(
    SetMetadata(routeMetadata, route),
    RequestMapping({ path: paths, method: RequestMethod[route.method] }),
  );
}
