export type {
  Backend,
  BackendExtension,
  BackendKind,
  BackendPackage,
  BackendVersion,
} from './backends/backend.ts';
export {
  ExtensionRegistry,
  type ExtensionRecord,
  type VersionRecord,
} from './registry/extension-registry.ts';
export { readSettings, type Settings } from './service/settings.ts';
export { type RunningService, startService } from './service/start.ts';
