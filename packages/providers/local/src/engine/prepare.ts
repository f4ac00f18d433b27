import { ensureImage } from '../image/ensure.ts';
import { readConfig } from '../settings.ts';
import { connectEngine } from './connect.ts';
import { type EngineOptions, engineEnvironment } from './ensure.ts';

export interface PrepareOptions extends EngineOptions {
  /** Operating system as definitions name it. Default `debian-12`. */
  readonly os?: string;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds and imports the base image ahead of the first server. @returns its name. */
export async function prepareImage(options: PrepareOptions = {}): Promise<string> {
  const environment = engineEnvironment(options);
  const config = readConfig(options.config ?? {});
  const connected = await connectEngine(config, environment);
  try {
    return await ensureImage(options.os ?? 'debian-12', connected, config, environment, options);
  } finally {
    connected.engine.close();
  }
}
