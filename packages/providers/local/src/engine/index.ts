/** What a setup needs of the engine: find or install one, prepare the image, run containers, remove everything again. */
export type { Engine } from '../docker/client.ts';
export { EngineError } from '../docker/http.ts';
export type { ContainerDetails, ContainerSpec, ContainerSummary } from '../docker/types.ts';
export { isFree } from '../server/ports.ts';
export { type CleanOptions, type Cleaned, cleanEverything } from './clean.ts';
export { type EngineOptions, ensureEngine, type EnsuredEngine, type EnsureEngineOptions } from './ensure.ts';
export type { ConnectedEngine } from './connect.ts';
export { openEngine } from './open.ts';
export { defaultCacheDir } from './environment.ts';
export { type PrepareOptions, prepareImage } from './prepare.ts';
export { stopPrivateService } from './stop.ts';
