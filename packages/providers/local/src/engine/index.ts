/** What a setup needs of the engine: find or install one, prepare the image, remove everything again. */
export { type CleanOptions, type Cleaned, cleanEverything } from './clean.ts';
export { type EngineOptions, ensureEngine, type EnsuredEngine, type EnsureEngineOptions } from './ensure.ts';
export { defaultCacheDir } from './environment.ts';
export { type PrepareOptions, prepareImage } from './prepare.ts';
export { stopPrivateService } from './stop.ts';
