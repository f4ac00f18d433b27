import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Answer, Endpoint } from '@provisioning/service-kit';
import { ApiService } from './api-service.ts';
import { routes } from './routes.ts';

@Controller()
export class SystemController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(routes.getSystemHealthCheck)
  async health() {
    const health = await this.#api.health();
    return new Answer(JSON.stringify(health), { status: health.status === 'unhealthy' ? 503 : 200 });
  }

  @Endpoint(routes.getReady)
  ready() {
    if (this.#api.isReady) return { ready: true };
    throw new ProvisioningError({
      code: 'NOT_READY',
      kind: 'unavailable',
      message: 'Recovery is not finished',
      retryAfter: 1,
    });
  }
}
