export type {
  Backend,
  BackendExtension,
  BackendKind,
  BackendPackage,
  BackendVersion,
} from './backends/backend.ts';
export { ExtensionRegistry } from './registry/extension-registry.ts';
export type { ExtensionRecord, VersionRecord } from './registry/records.ts';
export { readSettings, type Settings } from './service/settings.ts';
export { type RunningService, startService } from './service/start.ts';
