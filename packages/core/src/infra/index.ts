export { definitionFile, generatedMark } from './definition-files.ts';
export type { Infrastructure } from './infrastructure.ts';
export { type LoadInfrastructureOptions, loadInfrastructure } from './load.ts';
export { canonicalServer } from './server-aliases.ts';
export { memberName } from './servers.ts';
