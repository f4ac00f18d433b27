import { ensureBaseImage } from '../image/ensure.ts';
import { readConfig } from '../schema.ts';
import { connectEngine } from './connect.ts';
import { type EngineOptions, engineEnvironment } from './ensure.ts';

export interface PrepareOptions extends EngineOptions {
  /** Operating system as definitions name it; the machine's own when absent. */
  readonly os?: string;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds and imports the base image ahead of the first server. @returns its name. */
export async function prepareImage(options: PrepareOptions = {}): Promise<string> {
  const environment = engineEnvironment(options);
  const { engine } = await connectEngine(readConfig(options.config ?? {}), environment);
  try {
    return await ensureBaseImage(engine, environment, options);
  } finally {
    engine.close();
  }
}
