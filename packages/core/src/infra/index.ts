export { renderedDefinition } from './rendered.ts';
export { type ResourceUse, checkResourceLimits, companyEnvironment, useOf } from './company-environment.ts';
export { checkCluster, completeCluster, findCycle } from './clusters.ts';
export { checkNetwork, firewallWarnings, parseCidr } from './network.ts';
export { providerServerDefaults } from './provider-defaults.ts';
export { definitionFile, generatedMark } from './definition-files.ts';
export type { Infrastructure } from './infrastructure.ts';
export { type LoadInfrastructureOptions, loadInfrastructure } from './load.ts';
export { canonicalServer } from './server-aliases.ts';
export { expandGroup, memberName } from './servers.ts';
export {
  type ScalingDecision,
  type ScalingRule,
  type ScalingState,
  decideScaling,
  durationOf,
} from './autoscale.ts';
export { type ClusterFeatures, controlNamespaces, renderK8sDeploy } from './kubernetes/render.ts';
export { type LocalHost, announceSudo, fixLocalHost, localHostsPreview } from './local-hosts.ts';
export {
  type RolloutActions,
  type RolloutHost,
  type RolloutResult,
  rollOut,
  rolloutBatches,
} from './rollout.ts';
export { type Verdict, verdictOf } from './reach.ts';
export { type Switchable, canaryHosts, switchTraffic } from './traffic.ts';
export { type UpdateCandidate, type UpdatePlan, planUpdates } from './update-plan.ts';
export { masked, settingsPlace, writeGeneratedFiles } from './generated-files.ts';
export { type InventoryEntry, inventoryOf } from './inventory.ts';
export { addServerDefinition, type ServerEntry, serverTable } from './add-server.ts';
export {
  type MaintenanceWindow,
  closeMaintenance,
  maintenanceWindow,
  openMaintenance,
} from './maintenance-window.ts';
export { type GroupScaling, groupScaling } from './scaling-rule.ts';
