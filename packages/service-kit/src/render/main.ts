/** `provisioning config daemon run`: the render daemon in this process, until SIGINT or SIGTERM. */
import { readFile } from 'node:fs/promises';
import { loadConfiguration, processSurroundings } from '@provisioning/core';
import { createLogger } from '../logging/logger.ts';
import { startRenderDaemon } from './daemon.ts';

/** Starts the daemon with the user's configuration and returns once it has stopped. */
export async function runRenderDaemon(version: string, installation: string): Promise<void> {
  const surroundings = processSurroundings(installation);
  const configuration = await loadConfiguration({ surroundings });
  const tokenPath = configuration.get('render.token_path');
  const token = typeof tokenPath === 'string' ? (await readFile(tokenPath, 'utf8')).trim() : undefined;
  const logger = createLogger('render-daemon', String(configuration.get('debug.log_level')));
  const daemon = await startRenderDaemon({
    version,
    env: surroundings.env,
    allowTypeScript: configuration.get('render.allow_typescript') === true,
    log: (level, message) => {
      logger[level](message);
    },
    ...(token === undefined ? {} : { token }),
  });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await daemon.close();
}
