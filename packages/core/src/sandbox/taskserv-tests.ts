import {
  type Context,
  ProvisioningError,
  type ProviderInstance,
  type RunResult,
  type TaskservUse,
} from '@provisioning/extensions-sdk';
import { taskservCreate } from '../operations/taskserv/create.ts';
import { taskservDelete } from '../operations/taskserv/delete.ts';
import { shellQuote } from '../transport/index.ts';
import { resolveTaskservConfig } from '../taskserv/configuration.ts';
import { type DesiredTaskserv, renderTaskserv } from '../taskserv/desired.ts';
import { factsFunction } from '../taskserv/facts.ts';
import { loadTaskservPackage } from '../taskserv/package.ts';
import { SandboxContainer, type SandboxRuntime } from './container.ts';
import { validateTaskserv } from '../taskserv/validate.ts';

export const sandboxTestTypes = ['basic', 'integration', 'full'] as const;
export type SandboxTestType = (typeof sandboxTestTypes)[number];

export interface SandboxTestOptions {
  readonly folder: string;
  /** `native`: no container; what needs one is skipped. */
  readonly runtime?: SandboxRuntime | 'native';
  readonly type: SandboxTestType;
  readonly image?: string;
  /** Leave the container. */
  readonly keep?: boolean;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Context of the caller; hosts and provider are replaced by the container. */
  readonly context: Pick<Context, 'workspace' | 'signal' | 'report' | 'now'>;
  readonly say?: (line: string) => void;
}

export interface SandboxTest {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly message: string;
}

/** Report of `taskserv test` (07 §7). */
export interface SandboxReport {
  readonly taskserv: string;
  readonly runtime: SandboxRuntime | 'native';
  readonly image: string | null;
  readonly container: string | null;
  readonly kept: boolean;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly tests: readonly SandboxTest[];
}

/**
 * Tries a taskserv in a container of its own: prerequisites, configuration, scripts and health check; `integration`
 * installs it for real, `full` removes it and installs it again.
 * @throws ProvisioningError `TASKSERV_INVALID` when the package is not sound, `RUNTIME_NOT_FOUND` and others of the sandbox.
 */
export async function testTaskserv(options: SandboxTestOptions): Promise<SandboxReport> {
  const say = options.say ?? (() => undefined);
  const desired = await renderedFor(options);
  say('→ Running pre-test validation...');
  await refuseInvalid(options);
  say('✓ Validation passed');
  const name = `taskserv-test-${desired.name}`;
  const native = options.runtime === 'native';
  if (!native) say('→ Preparing sandbox environment...');
  const sandbox = native ? undefined : await SandboxContainer.start(name, sandboxOptions(options));
  if (sandbox !== undefined) {
    say(`Using base image: ${sandbox.image}`);
    say(`✓ Sandbox prepared: ${sandbox.name}`);
  }
  try {
    say('→ Running tests in sandbox...');
    const tests: SandboxTest[] = [];
    for (const [title, work] of cases(options, desired, sandbox)) {
      say(`Test ${tests.length + 1}: ${title}...`);
      tests.push(await attempt(title, work));
    }
    const count = (status: SandboxTest['status']): number =>
      tests.filter((one) => one.status === status).length;
    return {
      taskserv: desired.name,
      runtime: sandbox?.runtime ?? 'native',
      image: sandbox?.image ?? null,
      container: sandbox?.name ?? null,
      kept: sandbox !== undefined && options.keep === true,
      total: tests.length,
      passed: count('passed'),
      failed: count('failed'),
      skipped: count('skipped'),
      tests,
    };
  } finally {
    if (options.keep !== true) await sandbox?.remove();
  }
}

function sandboxOptions({ runtime, image, environment, context }: SandboxTestOptions) {
  return {
    ...(runtime === undefined || runtime === 'native' ? {} : { runtime }),
    ...(image === undefined ? {} : { image }),
    environment,
    signal: context.signal,
  };
}

const address = { hostname: 'sandbox', ip: '127.0.0.1', private_ip: '127.0.0.1', public_ip: '' };

async function renderedFor(options: SandboxTestOptions): Promise<DesiredTaskserv> {
  const taskserv = await loadTaskservPackage(options.folder);
  const config = resolveTaskservConfig(taskserv, useOf(taskserv.manifest.name, options), 'sandbox');
  return renderTaskserv(taskserv, config, undefined, { server: address, servers: {} });
}

function useOf(name: string, { config }: SandboxTestOptions): TaskservUse {
  return { name, profile: 'default', config: { ...config } };
}

async function refuseInvalid({ folder, environment }: SandboxTestOptions): Promise<void> {
  const { valid, taskserv, sections } = await validateTaskserv(folder, {
    level: 'static',
    path: environment.PATH,
  });
  if (valid) return;
  const errors = Object.values(sections).flatMap((section) => section.errors);
  throw new ProvisioningError({
    code: 'TASKSERV_INVALID',
    kind: 'configuration',
    message: `${taskserv} is not valid: ${errors[0]!}`,
    issues: errors.map((message) => ({ message })),
    hint: `All of it: provisioning taskserv validate ${taskserv}`,
  });
}

/** Message of a test that passed; a thrown `Skip` skips it, any other error fails it. */
type Work = () => Promise<string>;
class Skip extends Error {}

async function attempt(name: string, work: Work): Promise<SandboxTest> {
  try {
    return { name, status: 'passed', message: await work() };
  } catch (error) {
    const { message } = error instanceof ProvisioningError ? error : (error as Error);
    return { name, status: error instanceof Skip ? 'skipped' : 'failed', message };
  }
}

function cases(
  options: SandboxTestOptions,
  desired: DesiredTaskserv,
  sandbox: SandboxContainer | undefined,
): [string, Work][] {
  const list: [string, Work][] = [
    ['Package prerequisites', () => prerequisites(desired, sandbox)],
    ['Configuration validity', () => configuration(desired, sandbox)],
    ['Script execution', () => scripts(desired, sandbox)],
    ['Health check simulation', () => healthCheck(desired, sandbox)],
  ];
  if (options.type === 'basic') return list;
  const input = {
    server: { hostname: 'sandbox', provider: 'sandbox' },
    taskserv: useOf(desired.name, options),
    references: [],
  };
  const context = sandbox === undefined ? undefined : sandboxContext(options, sandbox);
  const install: Work = async () => {
    if (context === undefined) throw new Skip('needs a container');
    const { version } = await taskservCreate.run(context, input);
    const again = await taskservCreate.run(context, input);
    if (again.changed) throw new Error(`A second run changes something: ${again.reasons.join('; ')}`);
    return `${desired.name} ${version} installed and healthy; a second run changes nothing`;
  };
  list.push(['Installation', install]);
  if (options.type === 'integration') return list;
  const reinstall: Work = async () => {
    if (context === undefined) throw new Skip('needs a container');
    const { warnings } = await taskservDelete.run(context, { ...input, cleanup_data: true });
    if (warnings.length > 0) throw new Error(warnings.join('; '));
    await taskservCreate.run(context, input);
    return 'removed with its data and installed again';
  };
  return [...list, ['Removal and reinstallation', reinstall]];
}

async function prerequisites(
  desired: DesiredTaskserv,
  sandbox: SandboxContainer | undefined,
): Promise<string> {
  const commands = ['sh', 'tar', 'sha256sum', 'stat', ...(desired.packages.length === 0 ? [] : ['apt-get'])];
  if (sandbox === undefined) return `needs ${commands.join(', ')}`;
  const missing = (
    await inside(sandbox, `for c in ${commands.join(' ')}; do command -v "$c" >/dev/null || echo "$c"; done`)
  ).stdout.trim();
  if (missing !== '') throw new Error(`missing: ${missing.split('\n').join(', ')}`);
  if (desired.packages.length === 0) return `${commands.join(', ')} are there`;
  const names = desired.packages.map(shellQuote).join(' ');
  const lists = 'ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt-get -qq update';
  const { code } = await inside(sandbox, `${lists}`);
  if (code !== 0) throw new Skip('the package sources cannot be reached');
  const told = await inside(
    sandbox,
    `apt-get install --simulate --no-install-recommends -qq -- ${names} 2>&1`,
  );
  if (told.code !== 0) throw new Error(told.stdout.trim().split('\n').at(-1) ?? 'apt-get failed');
  return `packages ${desired.packages.join(', ')} can be installed`;
}

async function configuration(
  desired: DesiredTaskserv,
  sandbox: SandboxContainer | undefined,
): Promise<string> {
  const empty = desired.files.filter(({ content }) => content.trim() === '').map(({ path }) => path);
  if (sandbox !== undefined) {
    for (const { content, sha256 } of desired.files) {
      const { stdout } = await inside(sandbox, 'sha256sum', content);
      if (!stdout.startsWith(sha256)) throw new Error('a rendered file does not arrive as it was');
    }
  }
  const note = empty.length === 0 ? '' : `; empty: ${empty.join(', ')}`;
  return `${desired.files.length} files rendered from the defaults${note}`;
}

async function scripts(desired: DesiredTaskserv, sandbox: SandboxContainer | undefined): Promise<string> {
  if (sandbox === undefined) throw new Skip('needs a container');
  for (const [name, text] of desired.scripts) {
    const { code, stderr } = await inside(sandbox, 'sh -n', text);
    if (code !== 0) throw new Error(`${name}.sh: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  }
  const program = `${factsFunction([desired])}facts\nexit 0\n`;
  const facts = await inside(sandbox, 'sh -s', program);
  if (facts.code !== 0) throw new Error(`check: ${facts.stderr.trim().split('\n').at(-1) ?? ''}`);
  return `${desired.scripts.size} scripts parse; the check runs`;
}

async function healthCheck(desired: DesiredTaskserv, sandbox: SandboxContainer | undefined): Promise<string> {
  const { command, tcp, endpoint } = desired.health;
  if (endpoint !== undefined) new URL(endpoint);
  const port = tcp === undefined ? undefined : Number(tcp.split(':').at(-1));
  if (port !== undefined && !(port > 0 && port < 65_536)) throw new Error(`health.tcp is no port: ${tcp!}`);
  if (command !== undefined && sandbox !== undefined) {
    const { code, stderr } = await inside(sandbox, 'sh -n', command);
    if (code !== 0) throw new Error(`health.command: ${stderr.trim()}`);
  }
  const kinds = [
    ...(endpoint === undefined ? [] : [endpoint]),
    ...(tcp === undefined ? [] : [`port ${tcp}`]),
    ...(command === undefined ? [] : ['a command']),
    ...(desired.scripts.has('health') ? ['a script'] : []),
  ];
  return kinds.length === 0 ? 'a running service counts as healthy' : `checked by ${kinds.join(', ')}`;
}

function inside(sandbox: SandboxContainer, command: string, input = ''): Promise<RunResult> {
  return sandbox.transport.run(command, { input, timeout: 300 });
}

/** A context whose only server is the container. */
function sandboxContext(options: SandboxTestOptions, sandbox: SandboxContainer): Context {
  const provider = {
    getServer: () => Promise.resolve(null),
    getAccess: () => Promise.resolve(sandbox.access),
  } as unknown as ProviderInstance;
  return {
    ...options.context,
    infra: 'taskserv-test',
    environment: 'development',
    config: () => undefined,
    provider: () => Promise.resolve(provider),
    providerMetadata: () => Promise.reject(new Error('the sandbox has no provider')),
    serverDefaults: () => Promise.resolve({}),
    transports: { open: () => Promise.resolve(sandbox.transport), close: () => Promise.resolve() },
    extension: () => Promise.resolve(options.folder),
    idempotencyKey: 'taskserv-test',
    step: (_name, work) => work(),
  };
}
