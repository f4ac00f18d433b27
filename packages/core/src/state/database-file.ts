import { resolve } from 'node:path';

/**
 * The file of the orchestrator's store `sqlite` for `storage.backend_path`, relative to its data folder. The name that older
 * products gave it (`queue.rkvs`) stands for ours (12 §14).
 */
export function databaseFile(dataDir: string, backendPath: string): string {
  return resolve(dataDir, backendPath.replace(/queue\.rkvs$/, 'orchestrator.db'));
}
