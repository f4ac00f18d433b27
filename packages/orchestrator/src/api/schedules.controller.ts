import { Controller, Inject } from '@nestjs/common';
import type { ScheduleRequest } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ApiInput, Endpoint, Input, requireMatch } from '@provisioning/service-kit';
import type { Schedules } from '../schedules/schedules.ts';
import { requireValid } from '../validation/validate.ts';
import { ApiService } from './api-service.ts';
import { scheduleRoutes } from './routes/schedules.ts';

const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

@Controller()
export class SchedulesController {
  readonly #api: ApiService;

  constructor(@Inject(ApiService) api: ApiService) {
    this.#api = api;
  }

  get #schedules(): Schedules {
    return this.#api.orchestrator.schedules;
  }

  @Endpoint(scheduleRoutes.listSchedules)
  list() {
    return this.#schedules.list();
  }

  @Endpoint(scheduleRoutes.getSchedule)
  get(@Input() { params }: ApiInput) {
    return this.#schedules.get(params['name']!);
  }

  @Endpoint(scheduleRoutes.putSchedule)
  put(@Input() { params, body, identity }: ApiInput<ScheduleRequest>) {
    const name = params['name']!;
    if (!namePattern.test(name)) {
      throw new ProvisioningError({
        code: 'VALIDATION_FAILED',
        kind: 'usage',
        message: `Schedule name '${name}': expected lower case letters, digits and hyphens, at most 63`,
      });
    }
    const { definition: workflow } = requireValid(body.workflow, this.#api.validation());
    return this.#schedules.put(name, { ...body, workflow }, identity.user);
  }

  @Endpoint(scheduleRoutes.pauseSchedule)
  pause(@Input() { params }: ApiInput) {
    return this.#schedules.pause(params['name']!, true);
  }

  @Endpoint(scheduleRoutes.resumeSchedule)
  resume(@Input() { params }: ApiInput) {
    return this.#schedules.pause(params['name']!, false);
  }

  @Endpoint(scheduleRoutes.deleteSchedule)
  async delete(@Input() { params, headers }: ApiInput) {
    await requireMatch(headers, async () => this.#schedules.get(params['name']!));
    await this.#schedules.remove(params['name']!);
  }
}
