import { readConfig } from '../settings.ts';
import { type ConnectedEngine, connectEngine } from './connect.ts';
import { type EngineOptions, engineEnvironment } from './ensure.ts';

/**
 * A working engine to run containers of other kinds than servers with; the caller closes it.
 * @throws ProviderError `unavailable` when none works.
 */
export function openEngine(options: EngineOptions = {}): Promise<ConnectedEngine> {
  return connectEngine(readConfig(options.config ?? {}), engineEnvironment(options));
}
