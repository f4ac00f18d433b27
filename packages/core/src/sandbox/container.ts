import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type Access,
  ProvisioningError,
  type RunOptions,
  type RunResult,
  type Transport,
} from '@provisioning/extensions-sdk';
import { LocalTransport } from '../transport/local-transport.ts';
import { shellQuote } from '../transport/index.ts';

export type SandboxRuntime = 'docker' | 'podman';

/** Settings that let containers start on hosts where an engine's own do not, tried in this order. */
interface Settings {
  readonly oci?: string;
  readonly limits: readonly string[];
}
const attempts: readonly Settings[] = [
  { limits: [] },
  { oci: 'runc', limits: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'] },
];

/** The image of the documentation; where it cannot be had, the base image of the local provider stands in. */
const defaultImage = 'ubuntu:22.04';
const localImage = 'localhost/provisioning/base';

export interface SandboxOptions {
  readonly runtime?: SandboxRuntime;
  readonly image?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** A container to try a taskserv in (07 §7). */
export class SandboxContainer {
  readonly name: string;
  readonly runtime: SandboxRuntime;
  readonly image: string;
  readonly #environment: SandboxOptions['environment'];

  private constructor(name: string, runtime: SandboxRuntime, image: string, options: SandboxOptions) {
    this.name = name;
    this.runtime = runtime;
    this.image = image;
    this.#environment = options.environment;
  }

  /**
   * Starts the container; one of that name is replaced.
   * @throws ProvisioningError `RUNTIME_NOT_FOUND`, `SANDBOX_IMAGE_NOT_FOUND`, `SANDBOX_FAILED`.
   */
  static async start(name: string, options: SandboxOptions): Promise<SandboxContainer> {
    const runtime = await findRuntime(options);
    const engine = (...words: string[]): Promise<string> => run(runtime, words, options);
    await engine('rm', '--force', name).catch(() => undefined);
    const image = options.image ?? (await findImage(engine, options));
    let reason: unknown;
    for (const settings of attempts) {
      try {
        await engine(
          ...global(runtime, settings),
          'run',
          '--detach',
          '--name',
          name,
          ...program(image, settings),
        );
        const container = new SandboxContainer(name, runtime, image, options);
        if (image.startsWith(localImage)) await container.#booted();
        return container;
      } catch (error) {
        reason = error;
        await engine('rm', '--force', name).catch(() => undefined);
      }
    }
    throw new ProvisioningError({
      code: 'SANDBOX_FAILED',
      message: `The container ${name} does not start: ${lastLine(reason)}`,
      hint: `Try it by hand: ${runtime} run --rm ${image} true`,
      cause: reason,
    });
  }

  /** Commands in the container, as on a server. */
  get transport(): Transport {
    const local = new LocalTransport(this.#environment);
    const prefix = `${this.runtime} exec --interactive ${shellQuote(this.name)} sh -c`;
    return {
      name: this.name,
      run: (command: string, options?: RunOptions): Promise<RunResult> =>
        local.run(`exec ${prefix} ${shellQuote(command)}`, options),
      close: () => Promise.resolve(),
    };
  }

  /** Everything is done as root, without sudo. */
  get access(): Access {
    return { kind: 'local' };
  }

  /** systemd makes folders anew while it starts; what is done before it is ready may be lost. */
  async #booted(): Promise<void> {
    const ready = 'case $(systemctl is-system-running 2>/dev/null) in running | degraded) exit 0 ;; esac';
    await this.transport.run(`for i in $(seq 600); do ${ready}; sleep 0.1; done`, { timeout: 120 });
  }

  async remove(): Promise<void> {
    await run(this.runtime, ['rm', '--force', this.name], { environment: this.#environment });
  }
}

async function findRuntime(options: SandboxOptions): Promise<SandboxRuntime> {
  const wanted: readonly SandboxRuntime[] =
    options.runtime === undefined ? ['docker', 'podman'] : [options.runtime];
  for (const runtime of wanted) {
    const answers = await run(runtime, ['info'], options).then(
      () => true,
      () => false,
    );
    if (answers) return runtime;
  }
  throw new ProvisioningError({
    code: 'RUNTIME_NOT_FOUND',
    message: 'Docker or Podman is required (use --runtime native for limited testing)',
    hint: options.runtime === undefined ? 'Install one: sudo apt-get install podman' : undefined,
  });
}

type Engine = (...words: string[]) => Promise<string>;

async function findImage(engine: Engine, options: SandboxOptions): Promise<string> {
  const has = (image: string): Promise<boolean> =>
    engine('image', 'inspect', '--format', '{{.Id}}', image).then(
      () => true,
      () => false,
    );
  if (await has(defaultImage)) return defaultImage;
  const own = await listImages(engine);
  const [newest] = own.split('\n').filter((line) => line.startsWith(localImage));
  if (newest !== undefined) return newest;
  const pulled = await engine('pull', '--quiet', `docker.io/library/${defaultImage}`).catch(() => undefined);
  if (pulled !== undefined) return defaultImage;
  options.signal?.throwIfAborted();
  throw new ProvisioningError({
    code: 'SANDBOX_IMAGE_NOT_FOUND',
    message: `There is no image to test in: ${defaultImage} cannot be pulled`,
    hint: 'Name one that is here with --image, or let the local provider build its own: provisioning deploy',
  });
}

/** Podman gives up listing when somebody removes an image meanwhile. */
async function listImages(engine: Engine): Promise<string> {
  const list = (): Promise<string> => engine('images', '--format', '{{.Repository}}:{{.Tag}}', localImage);
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await list();
    } catch (error) {
      if (!/not known|no such image/i.test((error as { readonly stderr?: string }).stderr ?? '')) return '';
    }
  }
  return '';
}

/** Podman takes the runtime before the command, Docker after it. */
function global(runtime: SandboxRuntime, { oci }: Settings): string[] {
  return runtime === 'podman' && oci !== undefined ? ['--runtime', oci] : [];
}

/** systemd where the image has it, so that services can be started; else a program that waits. */
function program(image: string, { limits }: Settings): string[] {
  return image.startsWith(localImage)
    ? [...limits, '--env', 'container=oci', image, '/sbin/init']
    : [...limits, image, 'sleep', 'infinity'];
}

async function run(
  program: string,
  words: readonly string[],
  { environment, signal }: Pick<SandboxOptions, 'environment' | 'signal'>,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...words], {
    env: environment,
    maxBuffer: 1 << 24,
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout.trim();
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message?: string };
  return (stderr ?? message ?? String(error)).trim().split('\n').at(-1) ?? '';
}
