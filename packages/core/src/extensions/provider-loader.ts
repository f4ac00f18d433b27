import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Provider,
  type ProviderContext,
  type ProviderInstance,
  ProvisioningError,
  adaptLegacy,
  requiredProviderFunctions,
} from '@provisioning/extensions-sdk';
import type { AuditSink } from './isolation/audit.ts';
import type { ExtensionRecord } from './record.ts';

/**
 * Imports a provider's module and checks what it exports (06 §5.2).
 * @throws ProvisioningError `PROVIDER_LOAD_FAILED`, `PROVIDER_API_VERSION`.
 */
export async function importProvider(record: ExtensionRecord): Promise<Provider> {
  const entry = await entryPoint(record);
  let module: { default?: Provider };
  try {
    module = (await import(pathToFileURL(entry).href)) as { default?: Provider };
  } catch (error) {
    throw new ProvisioningError({
      code: 'PROVIDER_LOAD_FAILED',
      message: `Provider '${record.name}' does not load: ${(error as Error).message}`,
      location: { file: entry },
      hint: `Run 'provisioning extension validate ${record.path}' for the details.`,
      cause: error,
    });
  }
  const provider = module.default;
  if (typeof provider?.init !== 'function' || typeof provider.metadata !== 'function') {
    throw new ProvisioningError({
      code: 'PROVIDER_LOAD_FAILED',
      message: `Provider '${record.name}' does not load: the default export is no provider`,
      location: { file: entry },
      hint: 'Export the result of defineProvider({...}) as default.',
    });
  }
  return checkApiVersion(record, provider);
}

function checkApiVersion(record: ExtensionRecord, provider: Provider): Provider {
  if (!/^2\./.test(provider.apiVersion)) {
    throw new ProvisioningError({
      code: 'PROVIDER_API_VERSION',
      message: `Provider '${record.name}' speaks provider API ${provider.apiVersion}; this version needs 2.x`,
      hint: 'Update the provider, or use a version of provisioning that fits it.',
    });
  }
  return provider;
}

export interface LoadProviderOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** The provider's own cache folder. */
  readonly cacheDir: string;
  readonly audit?: AuditSink;
  readonly log?: (level: 'debug' | 'warn', message: string) => void;
}

/**
 * The provider of an extension: the product's own are imported, all others run in a process of their own with the
 * permissions of their manifest (08 §4.4).
 */
export async function loadProvider(record: ExtensionRecord, options: LoadProviderOptions): Promise<Provider> {
  if (record.builtIn) return importProvider(record);
  const { isolatedProvider } = await import('./isolation/provider.ts');
  const provider = await isolatedProvider(record, { ...options, entry: await entryPoint(record) });
  return checkApiVersion(record, provider);
}

/** Initialises a provider and checks that nothing required is missing (06.A2). */
export async function initialiseProvider(
  name: string,
  provider: Provider,
  context: ProviderContext,
): Promise<ProviderInstance> {
  const given = await provider.init(context);
  // What is no object lacks everything; that is told below.
  const instance = typeof given === 'object' && given !== null ? adaptLegacy(given) : given;
  const missing = requiredProviderFunctions.filter((key) => typeof instance[key] !== 'function');
  if (missing.length > 0) {
    throw new ProvisioningError({
      code: 'PROVIDER_INCOMPLETE',
      message: `Provider '${name}' does not implement: ${missing.join(', ')}`,
      hint: "See 'provisioning provider interface-docs' for the whole interface.",
    });
  }
  return instance;
}

/** Whether this program is a bundle itself: in a checkout it takes the bundles that were made with it. */
const isBundle = !import.meta.url.endsWith('.ts');

/**
 * The module that holds an extension's code: the package's door, else the manifest's entry point. A bundled program opens
 * the product's own providers as bundles too, where these were built: sources cost ten times as much to open.
 */
export async function entryPoint(record: ExtensionRecord): Promise<string> {
  const points = record.manifest.entry_points as { provider?: unknown; main?: unknown } | undefined;
  const packageJson = await readFile(join(record.path, 'package.json'), 'utf8').catch(() => undefined);
  if (packageJson !== undefined) {
    const { exports } = JSON.parse(packageJson) as {
      exports?: Record<string, string | { default?: string }>;
    };
    const door = exports?.['.'];
    const file = typeof door === 'string' ? door : door?.default;
    if (file !== undefined) {
      const bundle = join(record.path, file.replace(/^\.\/src\/(.*)\.ts$/, 'dist/$1.js'));
      return isBundle && record.builtIn && existsSync(bundle) ? bundle : join(record.path, file);
    }
  }
  const file = points?.provider ?? points?.main ?? 'src/provider.ts';
  return join(record.path, String(file));
}
