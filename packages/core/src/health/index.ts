export { attempt, type AttemptLimits } from './attempt.ts';
export { checkHealth, type HealthOptions } from './check.ts';
export { type HealthArea, type HealthCheck, type HealthItem, type HealthReport, problems } from './report.ts';
export { serverHealth } from './servers.ts';
