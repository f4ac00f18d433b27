import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import { ApiService } from './api-service.ts';
import { platformRoutes } from './routes/platform.ts';

interface Change {
  readonly key?: string;
  readonly value?: unknown;
  readonly values?: Readonly<Record<string, unknown>>;
}

@Controller()
export class PlatformController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(platformRoutes.changeConfiguration)
  change(@Input() { body, identity }: ApiInput<Change>) {
    if (!identity.roles.includes('Admin')) {
      throw new ProvisioningError({
        code: 'FORBIDDEN',
        kind: 'permission',
        message: 'Only administrators change the configuration of the service',
      });
    }
    const values = { ...body.values, ...(body.key === undefined ? {} : { [body.key]: body.value }) };
    return { changed: this.#api.change(values) };
  }

  /** One orchestrator works on a store; a second one waits for its lock (12 §10). */
  @Endpoint(platformRoutes.getClusterStatus)
  async cluster() {
    const { id, address } = this.#api.node;
    const { status } = await this.#api.health();
    const node = {
      id,
      address,
      version: this.#api.version,
      state: status,
      last_seen: new Date().toISOString(),
    };
    return {
      mode: this.#api.settings.mode,
      leader: id,
      nodes: [node],
      replication: { state: 'none', lag_seconds: 0 },
      quorum: true,
    };
  }

  @Endpoint(platformRoutes.listServices)
  services() {
    return this.#api.peers.all();
  }
}
