import { ProviderError, ProvisioningError } from '@provisioning/extensions-sdk';
import { readConfig } from '../settings.ts';
import { connectEngine } from './connect.ts';
import { defaultCacheDir, type EngineEnvironment, findProgram } from './environment.ts';
import { type AptOptions, availablePackages, hasApt, installPackages, missingPackages } from './apt.ts';

export interface EngineOptions {
  /** `[providers.local]`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The provider's cache folder; the same one the provider itself is given. */
  readonly cacheDir?: string;
  /** Environment variables: DOCKER_HOST, PATH, HOME and the like. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly log?: EngineEnvironment['log'];
}

export interface EnsureEngineOptions extends EngineOptions {
  /** Whether a person can answer. Without one the packages are installed, and said so. */
  readonly interactive: boolean;
  /** Asks the person; `false` stops. */
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly onProgress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface EnsuredEngine {
  /** Packages that were installed for it; empty when everything was there. */
  readonly installed: readonly string[];
  /** The engine and the settings that were chosen, in words. */
  readonly description: string;
  readonly server: string;
}

/** What a Debian or Ubuntu machine needs: an engine that serves the Docker API, and what builds base images. */
const enginePackages = ['podman', 'runc', 'conmon', 'netavark', 'aardvark-dns', 'iptables'];
const imagePackages = ['debootstrap'];

/** An `EngineEnvironment` from options. */
export function engineEnvironment(options: EngineOptions): EngineEnvironment {
  const variables = options.variables ?? {};
  return {
    variables,
    cacheDir: options.cacheDir ?? defaultCacheDir(variables),
    log: options.log ?? (() => undefined),
  };
}

/**
 * Makes sure that servers can be created on this machine: finds a working engine, or installs Podman from the
 * system's packages.
 * @throws ProvisioningError `ENGINE_DECLINED` when the person says no, `ENGINE_INSTALL_FAILED` with the command to
 * type otherwise.
 */
export async function ensureEngine(options: EnsureEngineOptions): Promise<EnsuredEngine> {
  const environment = engineEnvironment(options);
  const config = readConfig(options.config ?? {});
  const report = options.onProgress ?? (() => undefined);
  const path = environment.variables.PATH;
  const builder = findProgram('debootstrap', path) === undefined && hasApt(path) ? imagePackages : [];
  try {
    const found = await connectEngine(config, environment);
    found.engine.close();
    const installed = builder.length > 0 ? await install(builder, options, path) : [];
    return { installed, description: found.description, server: found.engine.server };
  } catch (error) {
    if (!(error instanceof ProviderError) || environment.variables.DOCKER_HOST) throw error;
    if (!hasApt(path)) throw error;
    const missing = await missingPackages([...enginePackages, ...imagePackages]);
    if (missing.length === 0) throw error;
    report('No container engine on this machine');
    const installed = await install(missing, options, path);
    const found = await connectEngine(config, environment);
    found.engine.close();
    return { installed, description: found.description, server: found.engine.server };
  }
}

async function install(
  packages: readonly string[],
  options: EnsureEngineOptions,
  path: string | undefined,
): Promise<readonly string[]> {
  const report = options.onProgress ?? (() => undefined);
  const list = packages.join(' ');
  if (options.interactive && options.confirm !== undefined) {
    if (!(await options.confirm(`Install ${list} with apt-get?`))) {
      throw new ProvisioningError({
        code: 'ENGINE_DECLINED',
        message: 'No container engine, and installing one was declined',
        hint: `Install one yourself: apt-get install ${list}`,
      });
    }
  } else {
    report(`Installing ${list} with apt-get`);
  }
  const apt: AptOptions = { path, onLine: report, signal: options.signal };
  await installPackages(() => availablePackages(packages, path), apt);
  return packages;
}
