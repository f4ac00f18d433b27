export { defaultCacheDir, type EngineEnvironment } from './environment.ts';
export { stopService } from './service.ts';
