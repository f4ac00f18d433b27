import { type EngineOptions, engineEnvironment } from './ensure.ts';
import { stopService } from './service.ts';

/** Ends the private Podman service; containers keep running, and the next use starts it again. */
export function stopPrivateService(options: EngineOptions = {}): Promise<boolean> {
  return stopService(engineEnvironment(options));
}
