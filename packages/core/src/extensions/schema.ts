import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** JSON Schema as far as the project looks into it. */
export interface ConfigSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly items?: ConfigSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly [key: string]: unknown;
}

/**
 * The configuration schema of an extension: `schema/config.json`, or the default export of `schema/config.ts`.
 * @returns undefined when the extension has none.
 * @throws ProvisioningError `EXTENSION_SCHEMA`, exit 3.
 */
export function configSchema(folder: string): Promise<ConfigSchema | undefined> {
  return schemaNamed(folder, 'config');
}

/** What servers may say under the name of a declared provider: `schema/server.json` or `schema/server.ts` (06 §1). */
export function serverSchema(folder: string): Promise<ConfigSchema | undefined> {
  return schemaNamed(folder, 'server');
}

async function schemaNamed(folder: string, kind: 'config' | 'server'): Promise<ConfigSchema | undefined> {
  const names = await readdir(join(folder, 'schema')).catch((): string[] => []);
  if (names.includes(`${kind}.json`)) {
    const file = join(folder, 'schema', `${kind}.json`);
    try {
      return object(JSON.parse(await readFile(file, 'utf8')));
    } catch (cause) {
      throw invalid(file, cause);
    }
  }
  const module = names.find((name) => name === `${kind}.ts` || name === `${kind}.js`);
  if (module === undefined) return undefined;
  const file = join(folder, 'schema', module);
  try {
    const { default: schema } = (await import(pathToFileURL(file).href)) as { default?: unknown };
    return object(schema);
  } catch (cause) {
    throw invalid(file, cause);
  }
}

function object(value: unknown): ConfigSchema {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ConfigSchema;
  throw new Error('expected a JSON Schema');
}

function invalid(file: string, cause: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'EXTENSION_SCHEMA',
    kind: 'configuration',
    message: `${file}: ${(cause as Error).message.split('\n')[0]}`,
    location: { file },
    cause,
  });
}
