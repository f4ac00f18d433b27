import { type DynamicModule, Module } from '@nestjs/common';
import { ApiService } from './api-service.ts';
import { SystemController } from './system.controller.ts';
import { TasksController } from './tasks.controller.ts';
import { WorkflowsController } from './workflows.controller.ts';

@Module({})
export class ApiModule {
  static with(api: ApiService): DynamicModule {
    return {
      module: ApiModule,
      controllers: [SystemController, WorkflowsController, TasksController],
      providers: [{ provide: ApiService, useValue: api }],
    };
  }
}
