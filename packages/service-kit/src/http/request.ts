import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Level } from './level.ts';

/** Who asks. Without authentication (solo mode) it is the local administrator. */
export interface Identity {
  readonly user: string;
  readonly roles: readonly string[];
  readonly mfaVerified: boolean;
  /** When its token ends, milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** Somebody without a token, where reading needs none. */
export const anonymousReader: Identity = { user: 'anonymous', roles: [], mfaVerified: false };

export const localAdministrator: Identity = { user: 'local', roles: ['Admin'], mfaVerified: true };

/** A validated request as handlers get it. */
export interface ApiInput<Body = unknown, Query = Record<string, unknown>> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: FastifyRequest['headers'];
  /** Path as it was asked for, without query. */
  readonly path: string;
  /** Query string as it was asked for, without `?`. */
  readonly search: string;
  readonly requestId: string;
  readonly identity: Identity;
  readonly level: Level;
  /** What `/production/<route>` forces; also in the body (13 §6). */
  readonly environment?: string;
}

export type ApiRequest = FastifyRequest & {
  input?: ApiInput;
  identity?: Identity;
  /** What the headers ask for. */
  level?: Level;
  environment?: string;
};

/** The validated request as a handler's parameter. */
export const Input = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<ApiRequest>().input,
);

/** An answer with a status or headers of its own; a plain value is 200, or what the route says. */
export class Answer<T> {
  readonly data: T;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    data: T,
    options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.data = data;
    this.status = options.status;
    this.headers = options.headers ?? {};
  }
}
