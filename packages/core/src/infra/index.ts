export { canonicalJson, renderedDefinition } from './rendered.ts';
export { type ResourceUse, checkResourceLimits, companyEnvironment, useOf } from './company-environment.ts';
export { checkCluster, completeCluster, findCycle } from './clusters.ts';
export { checkNetwork, firewallWarnings, parseCidr } from './network.ts';
export { definitionFile, generatedMark } from './definition-files.ts';
export type { Infrastructure } from './infrastructure.ts';
export { type LoadInfrastructureOptions, loadInfrastructure } from './load.ts';
export { canonicalServer } from './server-aliases.ts';
export { memberName } from './servers.ts';
