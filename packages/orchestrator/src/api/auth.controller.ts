import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, type ApiInput, Endpoint, Input, success } from '@provisioning/service-kit';
import { ApiService } from './api-service.ts';
import { authRoutes } from './routes/auth.ts';

/** Milliseconds that the identity service has for an answer. */
const patience = 10_000;

interface Upstream {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Login, refresh and logout, forwarded to the control center (13 §3). */
@Controller()
export class AuthController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(authRoutes.login)
  login(@Input() input: ApiInput<object>) {
    return this.#forward('/auth/login', input);
  }

  @Endpoint(authRoutes.refreshToken)
  refresh(@Input() input: ApiInput<object>) {
    return this.#forward('/auth/refresh', input);
  }

  @Endpoint(authRoutes.logout)
  logout(@Input() input: ApiInput<object>) {
    return this.#forward('/auth/logout', input);
  }

  async #forward(path: string, input: ApiInput<object>): Promise<Answer<string>> {
    const { status, body } = await this.#ask(path, input);
    if (status >= 400) return new Answer(JSON.stringify(body), { status });
    const data = (body['data'] ?? body) as Record<string, unknown>;
    const { token, refresh_token, expires_in } = data;
    const envelope = success(data, input.requestId, this.#api.version);
    return new Answer(JSON.stringify({ ...envelope, token, refresh_token, expires_in }));
  }

  /** @throws ProvisioningError `NOT_FOUND` where there is none, `UPSTREAM_ERROR`, `UPSTREAM_TIMEOUT` */
  async #ask(path: string, { body, headers, requestId }: ApiInput<object>): Promise<Upstream> {
    const { url } = this.#api.settings.control_center;
    if (url === '') {
      throw new ProvisioningError({
        code: 'NOT_FOUND',
        kind: 'not-found',
        message: 'There is no identity service here: none is configured',
        hint: 'Set platform.orchestrator.control_center.url',
      });
    }
    const { authorization } = headers;
    try {
      const answer = await fetch(url.replace(/\/+$/, '') + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-request-id': requestId,
          ...(authorization === undefined ? {} : { authorization }),
        },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(patience),
      });
      const parsed = (await answer.json()) as unknown;
      if (typeof parsed === 'object' && parsed !== null) {
        return { status: answer.status, body: parsed as Record<string, unknown> };
      }
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') {
        throw new ProvisioningError({
          code: 'UPSTREAM_TIMEOUT',
          kind: 'unavailable',
          message: `The control center did not answer within ${patience / 1000} s`,
        });
      }
      throw unreachable(`the control center cannot be reached at ${new URL(url).host}`);
    }
    throw unreachable('the control center answered with something else than JSON');
  }
}

function unreachable(reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'UPSTREAM_ERROR',
    kind: 'unavailable',
    message: `Identity service not available: ${reason}`,
    hint: 'provisioning platform status',
  });
}
