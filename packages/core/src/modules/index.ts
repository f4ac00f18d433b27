export { type LoadModulesOptions, type LoadedEntry, loadModules } from './load.ts';
export { LinkedModules } from './linked.ts';
export { type LoadedModule, type ModuleSource, readModules, writeModules } from './manifest-file.ts';
export { type ModuleInfo, type ModuleStatus, listModules, moduleInfo, validateModules } from './status.ts';
export { type InitModulesOptions, type SyncResult, initModules, syncModules } from './sync.ts';
export { type ModuleTarget, type TargetSurroundings, moduleTarget, targetOfFolder } from './target.ts';
export { type UnloadOptions, type UnloadedEntry, unloadModules } from './unload.ts';
export { usersOf } from './usage.ts';
