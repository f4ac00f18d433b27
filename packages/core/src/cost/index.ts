export { type CostBreakdown, type CostShare, costBreakdown } from './breakdown.ts';
export {
  type CostAlert,
  type CostSnapshot,
  costAlert,
  costAlertText,
  costTrend,
  recordCost,
  setCostAlert,
} from './records.ts';
export { type CostAdvice, costAdvice, nextSmaller } from './sizing.ts';
export { type UnusedResource, findUnused } from './unused.ts';
export {
  type InfrastructureCost,
  type ServerCost,
  checkBudget,
  compareOffers,
  type PlanOffer,
  costText,
  infrastructureCost,
  serverCost,
} from './estimate.ts';
