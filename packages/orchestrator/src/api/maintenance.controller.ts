import { Controller, Inject } from '@nestjs/common';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ApiInput, Endpoint, Input } from '@provisioning/service-kit';
import { ApiService } from './api-service.ts';
import { maintenanceRoutes } from './routes/maintenance.ts';

interface MigrationBody {
  readonly from?: string;
  readonly to: string;
  readonly backup_first?: boolean;
  readonly verify?: boolean;
  readonly check?: boolean;
}

@Controller()
export class MaintenanceController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  @Endpoint(maintenanceRoutes.restoreCheckpoint)
  async restore(@Input() { params }: ApiInput) {
    const id = params['id']!;
    await this.#api.orchestrator.rollbacks.restore(id);
    return `State restored from checkpoint ${id}`;
  }

  @Endpoint(maintenanceRoutes.migrateStore)
  migrate(@Input() { body }: ApiInput<MigrationBody>) {
    const { from, to, backup_first: backupFirst, verify, check } = body;
    return this.#api.orchestrator.migrations.begin({ from, to, backupFirst, verify, check }).status;
  }

  @Endpoint(maintenanceRoutes.getStoreMigration)
  migration() {
    const { current } = this.#api.orchestrator.migrations;
    if (current) return current;
    throw new ProvisioningError({
      code: 'NOT_FOUND',
      kind: 'not-found',
      message: 'No store migration since the orchestrator started',
    });
  }

  @Endpoint(maintenanceRoutes.listQuotas)
  quotas(@Input() { identity, query }: ApiInput<unknown, { user?: string }>) {
    const { quotas } = this.#api.orchestrator;
    if (identity.roles.includes('Admin'))
      return quotas.table(query.user === undefined ? undefined : [query.user]);
    const user = query.user ?? identity.user;
    if (user === identity.user) return quotas.table([user]);
    throw new ProvisioningError({
      code: 'FORBIDDEN',
      kind: 'permission',
      message: `Only administrators see the quotas of others, here of '${user}'`,
      hint: 'Ask without a user for your own',
    });
  }

  @Endpoint(maintenanceRoutes.repairStore)
  repair(@Input() { body }: ApiInput<{ check?: boolean }>) {
    return this.#api.orchestrator.repair(body.check ?? false);
  }
}
