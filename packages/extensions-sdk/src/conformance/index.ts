export { type ClusterConformanceOptions, type ClusterDeployment, runClusterConformance } from './cluster.ts';
export type { ConformanceMock, ConformanceOptions, MockFault } from './options.ts';
export { runProviderConformance } from './provider.ts';
export { formatReport } from './report.ts';
export type { ConformanceCheck, ConformanceGroup, ConformanceReport } from './report.ts';
export { runTaskservConformance, type TaskservConformanceOptions } from './taskserv.ts';
export type { TaskservLife, TaskservProbe, TaskservServer } from './taskserv-life.ts';
