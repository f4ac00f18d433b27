export { aliasRegistry } from './aliases/registry.ts';
export { activeAliases } from './aliases/resolve.ts';
export type { Catalogue, CommandDetails, CommandEntry, ParameterEntry } from './catalogue/catalogue.ts';
export { commandFiles, packageVersion, scanCatalogue } from './catalogue/scan.ts';
export { main } from './main.ts';
export { type Runtime, processRuntime } from './runtime.ts';
