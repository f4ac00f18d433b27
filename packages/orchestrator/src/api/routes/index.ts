import type { RouteSpec } from '@provisioning/service-kit';
import { authRoutes } from './auth.ts';
import { batchRoutes } from './batch.ts';
import { resourceRoutes } from './resources.ts';
import { maintenanceRoutes } from './maintenance.ts';
import { platformRoutes } from './platform.ts';
import { scheduleRoutes } from './schedules.ts';
import { stateRoutes } from './state.ts';
import { systemRoutes } from './system.ts';
import { verbRoutes } from './verbs.ts';
import { workflowRoutes } from './workflows.ts';

/** Every route of the API; the OpenAPI document is made of these. */
export const allRoutes: readonly RouteSpec[] = [
  systemRoutes,
  platformRoutes,
  authRoutes,
  workflowRoutes,
  verbRoutes,
  batchRoutes,
  stateRoutes,
  resourceRoutes,
  maintenanceRoutes,
  scheduleRoutes,
].flatMap((group) => Object.values(group));
