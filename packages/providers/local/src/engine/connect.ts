import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProviderError } from '@provisioning/extensions-sdk';
import { compareApi } from '../docker/answers.ts';
import { Engine, oldestApi } from '../docker/client.ts';
import { type Endpoint, endpointName } from '../docker/http.ts';
import { withFileLock } from '../files/file-lock.ts';
import type { LocalConfig } from '../schema.ts';
import { candidates } from './discover.ts';
import { bootId, cgroupMode, type EngineEnvironment, findProgram } from './environment.ts';
import { type ContainerSettings, describeSettings, probe } from './probe.ts';
import { serviceSocket, type ServiceVariant, startService } from './service.ts';

/** An engine that is known to start containers, and how. */
export interface ConnectedEngine {
  readonly engine: Engine;
  readonly settings: ContainerSettings;
  /** What was chosen, in words. */
  readonly description: string;
  readonly cores: number;
}

/** The remembered choice; valid until the engine's version, the machine's boot or the configuration changes. */
interface Choice {
  readonly key: string;
  readonly boot: string;
  readonly server: string;
  readonly endpoint: Endpoint;
  readonly service?: ServiceVariant;
  readonly settings: ContainerSettings;
  readonly description: string;
  readonly cores: number;
}

/**
 * Finds an engine that works, starting a private Podman service when only the program is there, and remembers it.
 * @throws ProviderError `unavailable`: `No container runtime detected` (06.A7), or none that can start a container.
 */
export async function connectEngine(
  config: LocalConfig,
  environment: EngineEnvironment,
): Promise<ConnectedEngine> {
  const remembered = await readChoice(config, environment);
  if (remembered !== undefined) {
    const engine = await Engine.connect(remembered.endpoint).catch(() => undefined);
    if (engine?.server === remembered.server) return { ...remembered, engine };
    engine?.close();
  }
  return withFileLock(join(environment.cacheDir, 'engine', 'lock'), async () => {
    const again = await readChoice(config, environment);
    if (again !== undefined) {
      const engine = await reconnect(again, environment).catch(() => undefined);
      if (engine?.server === again.server) return { ...again, engine };
      engine?.close();
    }
    return choose(config, environment);
  });
}

/** An engine to clean up with: the remembered one, one that answers, or one chosen now; `undefined` when there is none. */
export async function connectRemembered(
  config: LocalConfig,
  environment: EngineEnvironment,
): Promise<Engine | undefined> {
  const choice = await readChoice(config, environment);
  if (choice !== undefined) {
    const lock = join(environment.cacheDir, 'engine', 'lock');
    const engine = await withFileLock(lock, () => reconnect(choice, environment)).catch(() => undefined);
    if (engine !== undefined) return engine;
  }
  for (const { endpoint } of candidates(config, environment.variables)) {
    const engine = await Engine.connect(endpoint).catch(() => undefined);
    if (engine !== undefined) return engine;
  }
  return connectEngine(config, environment).then(
    ({ engine }) => engine,
    () => undefined,
  );
}

/** Forgets the choice, so that the next connection probes anew. */
export async function forgetChoice(environment: EngineEnvironment): Promise<void> {
  await rm(choiceFile(environment), { force: true });
}

function reconnect(choice: Choice, environment: EngineEnvironment): Promise<Engine> {
  return choice.service === undefined
    ? Engine.connect(choice.endpoint)
    : startService(environment, choice.service);
}

async function choose(config: LocalConfig, environment: EngineEnvironment): Promise<ConnectedEngine> {
  const refusals: string[] = [];
  const places = candidates(config, environment.variables);
  for (const { source, endpoint, explicit } of places) {
    const name = `${source} (${endpointName(endpoint)})`;
    try {
      const engine = await Engine.connect(endpoint);
      const chosen = await accept(engine, name, config, environment);
      if ('engine' in chosen) return chosen;
      refusals.push(`${name}: ${chosen.reason}`);
    } catch (error) {
      refusals.push(`${name}: ${(error as Error).message}`);
    }
    if (explicit) throw noEngine(refusals);
    environment.log('warn', `Container engine passed over: ${refusals.at(-1)}`);
  }
  for (const variant of environment.variables.DOCKER_HOST ? [] : serviceVariants(config, environment)) {
    const name = `private Podman service with ${variant.runtime ?? "Podman's own runtime"}`;
    try {
      const engine = await startService(environment, variant);
      const chosen = await accept(engine, name, config, environment, variant);
      if ('engine' in chosen) return chosen;
      refusals.push(`${name}: ${chosen.reason}`);
    } catch (error) {
      refusals.push(`${name}: ${(error as Error).message}`);
    }
    environment.log('debug', `Not used: ${refusals.at(-1)}`);
  }
  throw noEngine(refusals);
}

/** Probes an engine that answers, and remembers it when containers start. */
async function accept(
  engine: Engine,
  name: string,
  config: LocalConfig,
  environment: EngineEnvironment,
  service?: ServiceVariant,
): Promise<ConnectedEngine | { readonly reason: string }> {
  const refuse = (reason: string) => {
    engine.close();
    return { reason };
  };
  if (compareApi(engine.apiVersion, oldestApi) < 0) {
    return refuse(`its API is ${engine.apiVersion}, ${oldestApi} or newer is needed`);
  }
  if (config.runtime === 'podman' && !engine.isPodman) return refuse(`it is ${engine.server}, not Podman`);
  if (config.runtime === 'docker' && engine.isPodman) return refuse(`it is ${engine.server}, not Docker`);
  const [version, info] = await Promise.all([engine.version(), engine.info()]);
  const cgroups = info.CgroupVersion ?? (cgroupMode() === 'v2' ? '2' : '1');
  const result = await probe(engine, version.Arch, cgroups);
  if (!result.works) return refuse(`it cannot start a container: ${result.reason}`);
  const description = `${name}: ${engine.server}, cgroup v${cgroups}, ${describeSettings(result.settings)}`;
  environment.log('info', `Using ${description}`);
  const choice: Choice = {
    key: choiceKey(config, environment),
    boot: bootId(),
    server: engine.server,
    endpoint: engine.endpoint,
    service,
    settings: result.settings,
    description,
    cores: info.NCPU,
  };
  await writeChoice(environment, choice);
  return { ...choice, engine };
}

/**
 * Runtimes for a service of our own. crun refuses hybrid cgroups, so runc goes first unless the unified hierarchy
 * stands alone; then the same with cgroups driven without systemd.
 */
function serviceVariants(config: LocalConfig, environment: EngineEnvironment): ServiceVariant[] {
  const suits = config.runtime === 'auto' || config.runtime === 'podman';
  if (!config.private_service || !suits || process.platform !== 'linux') return [];
  const podman = findProgram('podman', environment.variables.PATH);
  if (podman === undefined) return [];
  const usual = cgroupMode() === 'v2' ? [undefined, 'crun', 'runc'] : ['runc', 'crun', undefined];
  const runtimes = (config.oci_runtimes ?? usual).filter(
    (name) => name === undefined || findProgram(name, environment.variables.PATH) !== undefined,
  );
  const storageRoot = config.storage_root;
  return [undefined, 'cgroupfs' as const].flatMap((cgroupManager) =>
    runtimes.map((runtime) => ({ podman, runtime, cgroupManager, storageRoot })),
  );
}

function noEngine(refusals: readonly string[]): ProviderError {
  // The variants of the private service fail alike: the first and the last reason tell the story.
  const told = refusals.length > 2 ? [refusals[0]!, refusals.at(-1)!] : refusals;
  const tried = told.length === 0 ? '' : `: ${told.map((text) => text.slice(0, 300)).join('; ')}`;
  return new ProviderError({
    provider: 'local',
    operation: 'connect',
    code: 'unavailable',
    retryable: false,
    message: `No container runtime detected${tried}`,
    help: 'Install Docker, Podman, or OrbStack',
  });
}

function choiceKey(config: LocalConfig, environment: EngineEnvironment): string {
  const { DOCKER_HOST, XDG_RUNTIME_DIR } = environment.variables;
  const parts = [
    config.docker_socket,
    config.runtime,
    config.oci_runtimes,
    config.storage_root,
    config.private_service,
    DOCKER_HOST,
    XDG_RUNTIME_DIR,
    serviceSocket(environment),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function choiceFile(environment: EngineEnvironment): string {
  return join(environment.cacheDir, 'engine', 'choice.json');
}

async function readChoice(config: LocalConfig, environment: EngineEnvironment): Promise<Choice | undefined> {
  try {
    const choice = JSON.parse(await readFile(choiceFile(environment), 'utf8')) as Choice;
    return choice.key === choiceKey(config, environment) && choice.boot === bootId() ? choice : undefined;
  } catch {
    return undefined;
  }
}

async function writeChoice(environment: EngineEnvironment, choice: Choice): Promise<void> {
  const file = choiceFile(environment);
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(choice));
  await rename(temporary, file);
}
