import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@provisioning/service-kit';
import { defaultSettings } from '../settings/defaults.ts';
import { type Service, type ServiceOptions, startService } from '../program/start.ts';
import type { Settings } from '../settings/settings.ts';
import { FileProvider } from './file-provider.ts';

export interface TestService extends Service {
  readonly folder: string;
  readonly effects: string;
  readonly url: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Stops the service and removes its folder. */
  end(): Promise<void>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Tests look into bodies of every shape. */
  readonly body: any;
}

/** A real service on a free port, its operations are those of `FileProvider`. */
export async function startTestService(
  change: (settings: Settings) => void = () => undefined,
  options: Partial<ServiceOptions> & { readonly folder?: string; readonly pace?: number } = {},
): Promise<TestService> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'provisioning-service-'));
  const settings = defaultSettings(join(folder, 'data'));
  settings.server.port = 0;
  settings.shutdown_grace_seconds = 0;
  change(settings);
  const effects = join(folder, 'effects');
  const service = await startService({
    settings,
    version: '0.0.0-test',
    moduleUrl: new URL('../main.ts', import.meta.url).href,
    logger: createLogger('orchestrator', { level: 'fatal' }),
    executor: new FileProvider(effects, options.pace ?? 2),
    ...options,
  }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const url = `http://127.0.0.1:${service.port}`;
  return {
    ...service,
    folder,
    effects,
    url,
    async call(method, path, body, headers = {}) {
      const raw = typeof body === 'string';
      const response = await fetch(url + path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      let parsed: unknown = text;
      try {
        parsed = JSON.parse(text);
      } catch {
        // Text it is.
      }
      return { status: response.status, headers: response.headers, body: parsed };
    },
    async end() {
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
