import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ApiRequest } from './request.ts';
import { type RouteSpec, routeMetadata } from './route.ts';
import type { SecurityChain } from './security.ts';

/** Lets a request to its handler only through the security chain. */
export class SecurityGuard implements CanActivate {
  readonly #chain: SecurityChain;

  constructor(chain: SecurityChain) {
    this.#chain = chain;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = Reflect.getMetadata(routeMetadata, context.getHandler()) as RouteSpec | undefined;
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    await this.#chain.admit(
      http.getRequest<ApiRequest>(),
      route ?? {},
      (name, value) => void reply.header(name, value),
    );
    return true;
  }
}
