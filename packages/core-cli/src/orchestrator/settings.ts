import { join } from 'node:path';
import { databaseFile } from '@provisioning/core';

/** Where the orchestrator is and how it may be started (12 §1, §14). */
export interface OrchestratorSettings {
  readonly endpoint: string;
  readonly dataDir: string;
  /** File of the embedded store. */
  readonly database: string;
  /** Store that the configuration names; absent where it names none. */
  readonly storageType?: string;
  readonly enabled: boolean;
  readonly autoStart: boolean;
  readonly fallbackToDirect: boolean;
  /** Seconds for one request. */
  readonly timeout: number;
  /** Seconds until a started orchestrator must be healthy. */
  readonly startTimeout: number;
}

/** The settings from the resolved configuration and the environment. */
export function orchestratorSettings(
  configuration: { get(path: string): unknown },
  environment: Readonly<Record<string, string | undefined>>,
  dataPath: string,
): OrchestratorSettings {
  const text = (path: string): string | undefined => {
    const value = configuration.get(path);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const flag = (path: string, fallback: boolean): boolean => {
    const value = configuration.get(path);
    return typeof value === 'boolean' ? value : fallback;
  };
  const number = (path: string, fallback: number): number => {
    const value = configuration.get(path);
    return typeof value === 'number' && value > 0 ? value : fallback;
  };
  const port = environment['ORCHESTRATOR_SERVER_PORT'];
  const storageType = environment['ORCHESTRATOR_STORAGE_TYPE'] ?? text('platform.orchestrator.storage.type');
  const place = text('workspace.path');
  const own = flag('platform.orchestrator.multi_workspace', true) || place === undefined;
  const dataDir =
    environment['ORCHESTRATOR_DATA_DIR'] ??
    text('platform.orchestrator.paths.data_dir') ??
    (own ? join(dataPath, 'orchestrator') : join(place, '.orchestrator', 'data'));
  const database =
    environment['ORCHESTRATOR_STORAGE_BACKEND_PATH'] ??
    text('platform.orchestrator.storage.backend_path') ??
    'orchestrator.db';
  return {
    ...(storageType === undefined ? {} : { storageType }),
    endpoint:
      environment['PROVISIONING_ORCHESTRATOR_ENDPOINT'] ??
      (port === undefined ? text('orchestrator.endpoint') : `http://127.0.0.1:${port}`) ??
      'http://localhost:9090',
    dataDir,
    database: databaseFile(dataDir, database),
    enabled: flag('orchestrator.enabled', true),
    autoStart: flag('orchestrator.auto_start', true),
    fallbackToDirect: flag('orchestrator.fallback_to_direct', true),
    timeout: number('orchestrator.timeout_seconds', 60),
    startTimeout: 30,
  };
}
