import { installerFindings, readDocument } from '@provisioning/core';
import { type InstallerConfiguration, ProvisioningError } from '@provisioning/extensions-sdk';
import { templates } from '../catalogue/templates.ts';
import type { Flags } from '../command-line.ts';

type Data = Record<string, unknown>;
type Environment = Readonly<Record<string, string | undefined>>;

export interface ReadOptions {
  readonly flags: Flags;
  readonly environment: Environment;
  /** Values of the file that the user wrote earlier; below `--config`. */
  readonly file?: string;
}

const strings = ['name', 'mode', 'provider', 'platform', 'domain', 'images'] as const;
const resources = ['cpu', 'memory', 'disk'] as const;
const switches = ['enable_mfa', 'enable_audit', 'tls_enabled'] as const;

/**
 * The configuration that flags, `PROVISIONING_*`, the file and the template give, in this order (04 §7.3).
 * @throws ProvisioningError `INSTALLER_CONFIG_INVALID` (exit 3) with every finding, `FILE_NOT_FOUND` (exit 5), `USAGE`.
 */
export async function readConfiguration(options: ReadOptions): Promise<InstallerConfiguration> {
  const { flags, environment, file } = options;
  const layers: Data[] = [];
  if (flags.template !== undefined) layers.push(templateNamed(flags.template));
  if (file !== undefined) layers.push(await readFile(file));
  if (flags.unattended !== true) layers.push(fromEnvironment(environment), fromFlags(flags));
  const merged = layers.reduce<Data>(merge, {});
  check(merged, file);
  return merged as InstallerConfiguration;
}

async function readFile(file: string): Promise<Data> {
  const document = await readDocument(file);
  if (document === undefined)
    throw new ProvisioningError({
      code: 'FILE_NOT_FOUND',
      kind: 'not-found',
      message: `File not found: ${file}`,
    });
  check(document.value, file);
  return document.value;
}

function templateNamed(name: string): Data {
  const template = templates[name];
  if (template !== undefined) return template.configuration as Data;
  throw new ProvisioningError({
    code: 'UNKNOWN_TEMPLATE',
    kind: 'usage',
    message: `Unknown template: ${name}. Available templates: ${Object.keys(templates).join(', ')}`,
  });
}

function fromFlags(flags: Flags): Data {
  return pruned({
    installation: {
      mode: modeOf(flags.mode),
      provider: flags.provider,
      platform: flags.platform,
      domain: flags.domain,
      services: listOf(flags.services),
    },
    resources: Object.fromEntries(resources.map((name) => [name, numeric(flags[name])])),
  });
}

/** `PROVISIONING_INSTALLATION_DOMAIN`, `PROVISIONING_PORTS_ORCHESTRATOR` and so on, with `PROVISIONING_MODE`. */
function fromEnvironment(environment: Environment): Data {
  const value = (section: string, name: string): string | undefined =>
    environment[`PROVISIONING_${section}_${name}`.toUpperCase()] || undefined;
  const ports = Object.keys(environment)
    .filter((name) => name.startsWith('PROVISIONING_PORTS_') && environment[name] !== '')
    .map((name) => [name.slice('PROVISIONING_PORTS_'.length).toLowerCase(), numeric(environment[name])]);
  const installation = Object.fromEntries(strings.map((name) => [name, value('installation', name)]));
  return pruned({
    installation: {
      ...installation,
      mode: modeOf(installation['mode'] ?? environment['PROVISIONING_MODE']),
      services: listOf(value('installation', 'services')),
    },
    resources: Object.fromEntries(resources.map((name) => [name, numeric(value('resources', name))])),
    ports: Object.fromEntries(ports),
    security: Object.fromEntries(switches.map((name) => [name, truth(value('security', name))])),
  });
}

const modeOf = (name: string | undefined): string | undefined =>
  name === 'multi-user' ? 'multiuser' : name === 'ci-cd' ? 'cicd' : name || undefined;

const listOf = (text: string | undefined): readonly string[] | undefined =>
  text?.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));

/** A number where the text is one; else the text itself, for the schema to refuse. */
const numeric = (text: string | undefined): number | string | undefined =>
  text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;

const truth = (text: string | undefined): boolean | string | undefined =>
  text === undefined
    ? undefined
    : /^(?:1|true|yes)$/i.test(text) || (/^(?:0|false|no)$/i.test(text) ? false : text);

/** Without what is not given. */
function pruned(data: Data): Data {
  const entries = Object.entries(data).flatMap(([key, value]): [string, unknown][] => {
    const kept = isTable(value) ? pruned(value) : value;
    return kept === undefined || (isTable(kept) && Object.keys(kept).length === 0) ? [] : [[key, kept]];
  });
  return Object.fromEntries(entries);
}

function merge(base: Data, over: Data): Data {
  const result: Data = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isTable(before) && isTable(value) ? merge(before, value) : value;
  }
  return result;
}

const isTable = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function check(data: Data, file: string | undefined): void {
  const [first, ...rest] = installerFindings(data);
  if (first === undefined) return;
  throw new ProvisioningError({
    code: 'INSTALLER_CONFIG_INVALID',
    kind: 'configuration',
    message: first.message,
    issues: rest.map(({ message }) => ({ message })),
    location: { file: file ?? 'command line and environment', key: first.field },
  });
}

/** What an unattended run must find in its file: it takes no value from anywhere else (04 §7.1). */
const needed = [
  'installation.mode',
  'installation.provider',
  'installation.platform',
  'installation.domain',
  'resources.cpu',
  'resources.memory',
  'resources.disk',
] as const;

/** @throws ProvisioningError `MISSING_VALUES` (exit 3) naming all of them. */
export function requireComplete(configuration: InstallerConfiguration, file: string): void {
  const missing = needed.filter((key) => {
    const [section, name] = key.split('.') as [string, string];
    return (configuration as Record<string, Data | undefined>)[section]?.[name] === undefined;
  });
  if (missing.length === 0) return;
  throw new ProvisioningError({
    code: 'MISSING_VALUES',
    kind: 'configuration',
    message: `Missing values: ${missing.join(', ')}`,
    hint: `add them to ${file}; an unattended run asks nothing and assumes nothing`,
    location: { file },
  });
}
