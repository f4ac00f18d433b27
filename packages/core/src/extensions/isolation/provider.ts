import type { Permissions, Provider, ProviderContext, ProviderInstance } from '@provisioning/extensions-sdk';
import type { ExtensionRecord } from '../record.ts';
import type { AuditSink } from './audit.ts';
import { ExtensionProcess } from './process.ts';

export interface IsolatedProviderOptions {
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The provider's cache folder, which it may write. */
  readonly cacheDir: string;
  readonly timeout?: number;
  readonly audit?: AuditSink;
  readonly log?: (level: 'debug' | 'warn', message: string) => void;
}

type Described = Omit<Provider, 'metadata' | 'init'> & {
  readonly metadata: ReturnType<Provider['metadata']>;
};

/**
 * A provider that runs in a process of its own; to its users it looks like any other. The process ends with
 * `dispose`.
 */
export async function isolatedProvider(
  record: ExtensionRecord,
  options: IsolatedProviderOptions,
): Promise<Provider> {
  const process = new ExtensionProcess({
    name: record.name,
    version: record.version,
    folder: record.path,
    entry: options.entry,
    permissions: (record.manifest.permissions ?? {}) as Partial<Permissions>,
    environment: options.environment,
    folders: [options.cacheDir],
    timeout: options.timeout,
    audit: options.audit,
    log: options.log,
  });
  const described = (await process.call('provider.describe')) as Described;
  return {
    ...described,
    metadata: () => described.metadata,
    init: async (context: ProviderContext) => {
      const { now: _now, clock: _clock, ...rest } = context;
      const functions = (await process.call('provider.init', rest)) as string[];
      return instanceOf(process, functions);
    },
  };
}

function instanceOf(process: ExtensionProcess, functions: readonly string[]): ProviderInstance {
  const instance: Record<string, unknown> = {};
  for (const path of functions) {
    const call = (...parameters: unknown[]): Promise<unknown> =>
      process.call('provider.call', path, ...parameters);
    const [group, member] = path.split('.') as [string, string | undefined];
    if (member === undefined) instance[path] = call;
    else instance[group] = { ...(instance[group] as object | undefined), [member]: call };
  }
  const dispose = instance['dispose'] as (() => Promise<unknown>) | undefined;
  instance['dispose'] = async () => {
    await dispose?.().catch(() => undefined);
    await process.close();
  };
  return instance as unknown as ProviderInstance;
}
