import { type DynamicModule, Module } from '@nestjs/common';
import { ApiService } from './api-service.ts';
import { AuthController } from './auth.controller.ts';
import { BatchController } from './batch.controller.ts';
import { ResourcesController } from './resources.controller.ts';
import { MaintenanceController } from './maintenance.controller.ts';
import { PlatformController } from './platform.controller.ts';
import { SchedulesController } from './schedules.controller.ts';
import { StateController } from './state.controller.ts';
import { SystemController } from './system.controller.ts';
import { TasksController } from './tasks.controller.ts';
import { VerbsController } from './verbs.controller.ts';
import { WorkflowsController } from './workflows.controller.ts';

@Module({})
export class ApiModule {
  static with(api: ApiService): DynamicModule {
    return {
      module: ApiModule,
      controllers: [
        SystemController,
        PlatformController,
        AuthController,
        VerbsController,
        BatchController,
        StateController,
        WorkflowsController,
        TasksController,
        ResourcesController,
        MaintenanceController,
        SchedulesController,
      ],
      providers: [{ provide: ApiService, useValue: api }],
    };
  }
}
