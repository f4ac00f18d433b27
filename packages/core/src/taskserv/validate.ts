import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { resolveTaskservConfig } from './configuration.ts';
import { renderTaskserv } from './desired.ts';
import { loadTaskservPackage, type TaskservPackage } from './package.ts';
import { parseTemplate } from './templates.ts';

export const validationLevels = ['static', 'dependencies', 'health', 'all'] as const;
export type ValidationLevel = (typeof validationLevels)[number];

export interface ValidationSection {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Report of `taskserv validate` (07 §7). */
export interface TaskservValidation {
  readonly taskserv: string;
  readonly level: ValidationLevel;
  readonly valid: boolean;
  readonly sections: Readonly<
    Record<'schema' | 'templates' | 'scripts' | 'dependencies' | 'health', ValidationSection>
  >;
}

type Section = { errors: string[]; warnings: string[] };

export interface ValidationOptions {
  /** One of `validationLevels`; default `all`. */
  readonly level?: string;
  /** Names, aliases and capabilities of all taskservs there are, for its dependencies. */
  readonly known?: ReadonlySet<string>;
  /** Where shellcheck is looked for; default the PATH of this process. */
  readonly path?: string;
}

/**
 * Checks a taskserv's folder without contacting anything.
 * @throws ProvisioningError `USAGE`, exit 2, for an unknown level.
 */
export async function validateTaskserv(
  folder: string,
  options: ValidationOptions = {},
): Promise<TaskservValidation> {
  const level = options.level ?? 'all';
  if (!isLevel(level)) {
    throw new ProvisioningError({
      code: 'USAGE',
      kind: 'usage',
      message: `Unknown validation level: ${level}`,
      hint: `Levels: ${validationLevels.join(', ')}`,
    });
  }
  const sections = {
    schema: section(),
    templates: section(),
    scripts: section(),
    dependencies: section(),
    health: section(),
  };
  const taskserv = await attempt(sections.schema, () => loadTaskservPackage(folder));
  const wants = (one: ValidationLevel): boolean => level === one || level === 'all';
  if (taskserv !== undefined) {
    if (wants('static')) await checkStatic(taskserv, sections, options.path);
    if (wants('dependencies')) checkDependencies(taskserv, options.known, sections.dependencies);
    if (wants('health')) await checkHealth(taskserv, sections.health);
  }
  return {
    taskserv: taskserv?.manifest.name ?? folder.split('/').at(-1)!,
    level,
    valid: Object.values(sections).every(({ errors }) => errors.length === 0),
    sections,
  };
}

async function checkStatic(
  taskserv: TaskservPackage,
  sections: { readonly schema: Section; readonly templates: Section; readonly scripts: Section },
  path: string | undefined,
): Promise<void> {
  for (const [name, source] of taskserv.templates) {
    const file = join(taskserv.folder, 'default', name);
    await attempt(sections.templates, () => parseTemplate(source, file));
  }
  const use = { name: taskserv.manifest.name, profile: 'default', config: {} };
  const required = Array.isArray(taskserv.schema.required) && taskserv.schema.required.length > 0;
  if (!required && sections.templates.errors.length === 0) {
    const config = await attempt(sections.schema, () => resolveTaskservConfig(taskserv, use, 'localhost'));
    if (config !== undefined)
      await attempt(sections.templates, () => renderTaskserv(taskserv, config, undefined, sample));
  }
  for (const profile of Object.keys(taskserv.manifest.profiles)) {
    await attempt(sections.schema, () => resolveTaskservConfig(taskserv, { ...use, profile }, 'localhost'));
  }
  for (const name of taskserv.scripts.keys()) {
    await checkScript(join(taskserv.folder, 'scripts', `${name}.sh`), sections.scripts, path);
  }
}

const address = { hostname: 'localhost', ip: '127.0.0.1', private_ip: '127.0.0.1', public_ip: '' };
const sample = { server: address, servers: {} };

/** shellcheck where there is one, the shell's own parser otherwise. */
async function checkScript(file: string, found: Section, path: string | undefined): Promise<void> {
  const run = promisify(execFile);
  const options = path === undefined ? {} : { env: { PATH: path } };
  try {
    await run('shellcheck', ['-s', 'sh', '-f', 'gcc', '--severity', 'warning', file], options);
    return;
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    if (code !== 'ENOENT') return void found.errors.push(...(stdout ?? String(error)).trim().split('\n'));
  }
  const limited = 'shellcheck not found - script validation limited';
  if (!found.warnings.includes(limited)) found.warnings.push(limited);
  await run('bash', ['-n', file], options).catch((error: unknown) =>
    found.errors.push(String((error as { stderr?: string }).stderr ?? error).trim()),
  );
}

function checkDependencies(
  taskserv: TaskservPackage,
  known: ReadonlySet<string> | undefined,
  found: Section,
): void {
  const { dependencies, optional_dependencies, conflicts, health, name } = taskserv.manifest;
  if (known !== undefined) {
    for (const entry of Object.keys(dependencies)) {
      if (!entry.split('|').some((one) => known.has(one.trim())))
        found.errors.push(`Dependency not found: ${entry}`);
    }
    for (const entry of Object.keys(optional_dependencies)) {
      if (!known.has(entry)) found.warnings.push(`Optional dependency not available: ${entry}`);
    }
  }
  for (const entry of Object.keys(conflicts)) {
    if (entry in dependencies) found.errors.push(`${name} both requires ${entry} and conflicts with it`);
  }
  if (health.timeout > health.interval && health.interval > 0) {
    found.warnings.push(
      `health.timeout (${health.timeout} s) is longer than health.interval (${health.interval} s)`,
    );
  }
}

async function checkHealth(taskserv: TaskservPackage, found: Section): Promise<void> {
  const { health, install } = taskserv.manifest;
  const { command, tcp, endpoint } = health;
  const none =
    command === undefined && tcp === undefined && endpoint === undefined && !taskserv.scripts.has('health');
  if (none && install.units.length > 0)
    found.warnings.push('No health check: a running unit counts as healthy');
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint)) {
    found.errors.push(`health.endpoint is no http address: ${endpoint}`);
  }
  if (command !== undefined && !command.includes('{{')) {
    await promisify(execFile)('sh', ['-n', '-c', command]).catch(() =>
      found.errors.push(`health.command is no valid shell: ${command}`),
    );
  }
}

function section(): Section {
  return { errors: [], warnings: [] };
}

async function attempt<T>(found: Section, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const { message, location } = ProvisioningError.from(error);
    const place =
      location === undefined
        ? ''
        : `${location.file}${location.line === undefined ? '' : `:${location.line}`}: `;
    found.errors.push(`${place}${message}`);
    return undefined;
  }
}

function isLevel(level: string): level is ValidationLevel {
  return (validationLevels as readonly string[]).includes(level);
}
