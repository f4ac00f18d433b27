export { attempt, type AttemptLimits } from '../operations/server/attempt.ts';
export { checkHealth, type HealthOptions } from './check.ts';
export { type HealthArea, type HealthCheck, type HealthReport, problems } from './report.ts';
export { type HealthItem, serverHealth } from '../operations/server/health.ts';
