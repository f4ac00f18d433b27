import path from 'node:path';
import {
  AutoScaling,
  type DnsEntry,
  InfrastructureDefinition,
  type Issue,
  type Server,
  Settings,
  Storage,
  applyDefaults,
} from '@provisioning/extensions-sdk';
import type { ConfigCipher } from '../config/cipher.ts';
import { defaultCiphers } from '../config/ciphers/index.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Data, KeyPath } from '../config/document.ts';
import { canonicalEnvironment } from '../config/environment.ts';
import { gitFacts } from '../config/git.ts';
import { hasExpression, interpolate } from '../config/interpolation/interpolate.ts';
import { throwIssues } from '../config/issues.ts';
import { deepFreeze, isRecord, mergeData } from '../config/merge.ts';
import type { ReadOptions } from '../config/read.ts';
import { interpolationRoots } from '../config/roots.ts';
import { type Surroundings, userDirectories } from '../config/surroundings.ts';
import { InfrastructureDefinition as validateDefinition } from '../config/validation/compiled.js';
import { findings } from '../config/validation/schema-issues.ts';
import { type InfrastructureState, StateFile } from '../state/state.ts';
import { checkCluster, completeCluster } from './clusters.ts';
import { companyEnvironment } from './company-environment.ts';
import { completeDns, takeDnsEntries } from './dns-entries.ts';
import {
  type Part,
  addPart,
  infrastructureFolder,
  providerDefinitions,
  readParts,
} from './definition-parts.ts';
import { placeIssues, settingsPlace, settingsWarnings } from './generated-files.ts';
import type { Infrastructure } from './infrastructure.ts';
import { applySecurityGroups, completeNetwork, firewallWarnings, networkIssues } from './network.ts';
import { rememberPlaces } from '../config/places.ts';
import { providerServerDefaults } from './provider-defaults.ts';
import { checkRegions } from './regions.ts';
import { canonicalServer } from './server-aliases.ts';
import { type ResolvedServer, type ServerEntry, completeServers, expandServers } from './servers.ts';
import { issueAt } from './source.ts';
import { type Compliance, validateServers } from './validate-servers.ts';

export interface LoadInfrastructureOptions {
  readonly workspacePath: string;
  readonly workspaceName?: string;
  /** Name below `infra/`, or a path to a folder. */
  readonly infra: string;
  readonly environment?: string;
  /** `--settings`: merged last (05 §2.1.3). */
  readonly settingsFile?: string;
  /** Resolves `{{…}}` and gives the default provider. */
  readonly configuration?: Configuration;
  /** Needed for definitions in TypeScript, Nickel or KCL, and for `{{env.…}}`. */
  readonly surroundings?: Surroundings;
  readonly ciphers?: readonly ConfigCipher[];
  /** Provider of servers that name none; else `providers.default` of the configuration, else `local`. */
  readonly defaultProvider?: string;
  /** What lies beneath the servers of a provider; default: what the configuration says of it. */
  readonly serverDefaults?: (provider: string) => Promise<Data>;
  /** Parameters handed to a definition that is a function. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Sizes of groups instead of those defined or wished for before. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Seconds until servers must run, instead of what they say (05 §4.1). */
  readonly runningTimeout?: number;
}

/** Keys of a definition that the model has a place for; everything else is kept as it is written. */
const knownKeys = new Set(
  'settings servers dns taskservs clusters network storage providers auto_scaling regions environment'.split(
    ' ',
  ),
);

/**
 * Loads the definition of an infrastructure in the order of 05 §2.1. Nothing is executed and nothing is changed.
 * @throws ProvisioningError `INFRA_NOT_FOUND` (exit 5), `DEFINITION_AMBIGUOUS`, or the findings of the validation:
 * one keeps its own code, several come as `CONFIG_INVALID` with all of them in `issues`
 */
export async function loadInfrastructure(options: LoadInfrastructureOptions): Promise<Infrastructure> {
  const workspace = {
    name: options.workspaceName ?? path.basename(options.workspacePath),
    path: options.workspacePath,
  };
  const folder = await infrastructureFolder(options.workspacePath, workspace.name, options.infra);
  const name = path.basename(folder);
  const issues: Issue[] = [];
  const reader = readerOf(options, name);
  const environment = options.environment ?? options.configuration?.environment;
  const parts = await readParts(folder, environment ?? 'local', options.settingsFile, reader);
  const entries: ServerEntry[] = [];
  let definition: Data = {};
  for (const part of parts) definition = addPart(definition, part, entries, issues);
  const written = takeDnsEntries(entries);
  if (written.length > 0) definition = { ...definition, dns: written };
  const company = definition['environment'];
  const environmentName = environment ?? environmentOf(company) ?? 'local';
  definition['settings'] = { main_name: name, ...recordOf(definition['settings']) };
  definition = await resolved(
    definition,
    parts,
    options,
    { workspace, name, environment: environmentName },
    issues,
  );
  const settings = settingsOf(definition);
  const own = { path: folder, workspace, settings };
  await placeIssues(own, (key, error) =>
    issues.push(definitionIssue(parts, key, error.message, 'PATH_ESCAPES_ROOT')),
  );
  const defs = await settingsPlace(own, 'defaults_provs_dirpath').then(
    (place) => providerDefinitions(place, reader),
    () => new Map<string, Data>(),
  );
  const providerName = options.defaultProvider ?? configuredProvider(options.configuration) ?? 'local';
  const serverDefaults =
    options.serverDefaults ?? ((provider: string) => providerServerDefaults(provider, options));
  const all = await completeServers(entries, {
    provider: async (provider) =>
      mergeData(await serverDefaults(provider), canonicalServer(defs.get(provider) ?? {})),
    common: settings.server_defaults,
    providerName,
  });
  const servers = all.filter(({ value }) => value['enabled'] !== false);
  const { runningTimeout } = options;
  if (runningTimeout !== undefined)
    for (const { value } of servers) value['running_timeout'] = runningTimeout;
  const scope = { ...definition, servers: servers.map(({ value }) => value) };
  if (servers.some(({ value }) => hasExpression(value))) {
    const place = { workspace, name, environment: environmentName };
    const done = interpolate(
      servers.map(({ value }) => value),
      await interpolation(options, place, scope, (at, message, code) =>
        issueAt(servers[Number(at[0])]!.source, at.slice(1), message, code),
      ),
      issues,
    );
    done.forEach((value, index) => (servers[index] = { ...servers[index]!, value }));
  }
  validateServers(servers, issues, options.configuration?.get('compliance') as Compliance | undefined);
  const groups = groupsOf(servers);
  const scale = { ...wishedCounts(await new StateFile(folder).read(), groups), ...options.scale };
  const members = expandServers(servers, scale, issues);
  const dns = completeDns(
    (definition['dns'] ?? []) as Data[],
    new Set(members.map((server) => String(server['hostname']))),
    String(settings.server_defaults['provider'] ?? providerName),
    (keys, message, code) => issues.push(definitionIssue(parts, keys, message, code)),
  );
  const model = complete(definition, name, issues, parts, members, groups);
  throwIssues(issues, (count) => `Infrastructure '${name}' has ${count} errors`);
  const infrastructure = deepFreeze<Infrastructure>({
    ...Object.fromEntries(Object.entries(definition).filter(([key]) => !knownKeys.has(key))),
    name,
    path: folder,
    workspace,
    environment: environmentName,
    settings,
    servers: members as Server[],
    ...(Object.keys(groups).length === 0 ? {} : { groups }),
    dns: dns as readonly DnsEntry[],
    disabled: disabledNames(all, scale),
    ...model,
    taskservs: recordOf(definition['taskservs']),
    providers: recordOf(definition['providers']),
    ...(company === undefined ? {} : withCompany(company)),
    warnings: [...settingsWarnings(own), ...firewallWarnings(members)],
  });
  rememberPlaces(infrastructure, (keys, message, code) => definitionIssue(parts, keys, message, code));
  return infrastructure;
}

/** Groups with the size their definition gives them. */
function groupsOf(servers: readonly ResolvedServer[]): Record<string, number> {
  return Object.fromEntries(
    servers
      .filter(({ value }) => typeof value['count'] === 'number')
      .map(({ value }) => [String(value['hostname']), Number(value['count'])]),
  );
}

/** What `server scale` asked for, until the definition says another size (05 §4.3). */
function wishedCounts(
  { scale, scaled_from: from = {} }: InfrastructureState,
  groups: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(scale).filter(([group]) => from[group] === undefined || from[group] === groups[group]),
  );
}

/** Hostnames of the servers that are switched off, members of groups included. */
function disabledNames(all: readonly ResolvedServer[], scale: Readonly<Record<string, number>>): string[] {
  const off = all.filter(({ value }) => value['enabled'] === false);
  return expandServers(off, scale, []).map((server) => String(server['hostname']));
}

function withCompany(value: unknown): { company_environment?: Data } {
  const company = companyEnvironment(value);
  return company === undefined ? {} : { company_environment: company as Data };
}

/** Network, storage, clusters and the rest with defaults; findings go to `issues`. */
function complete(
  definition: Data,
  name: string,
  issues: Issue[],
  parts: readonly Part[],
  servers: readonly Data[],
  groups: Readonly<Record<string, number>>,
): Pick<Infrastructure, 'network' | 'storage' | 'clusters' | 'regions' | 'auto_scaling'> {
  const at = (keys: readonly (string | number)[], message: string, code: string): Issue =>
    definitionIssue(parts, keys, message, code);
  const network = completeNetwork(recordOf(definition['network']), name, servers, groups);
  const storage = structuredClone(recordOf(definition['storage'])) as Data;
  applyDefaults(Storage, storage);
  const scaling = structuredClone(recordOf(definition['auto_scaling'])) as Data;
  applyDefaults(AutoScaling, scaling);
  const clusters = Object.fromEntries(
    Object.entries(recordOf(definition['clusters'])).map(([key, cluster]) => [
      key,
      completeCluster(key, cluster),
    ]),
  );
  const checked = { ...definition, network, storage, auto_scaling: scaling, clusters };
  const found = findings(validateDefinition, checked, InfrastructureDefinition);
  for (const finding of found) issues.push(at(finding.path, finding.message, finding.type.toUpperCase()));
  if (found.length === 0) {
    const hostnames = new Set(servers.map((server) => String(server['hostname'])));
    networkIssues(network, hostnames, at, issues);
    applySecurityGroups(servers, network, (keys, message, code) =>
      issues.push(at(['network', ...keys], message, code)),
    );
    checkRegions(recordOf(definition['regions']), hostnames, (keys, message, code) =>
      issues.push(at(['regions', ...keys], message, code)),
    );
    for (const [key, cluster] of Object.entries(clusters)) {
      checkCluster(key, cluster, (keys, message, code) => issues.push(at(keys, message, code)));
    }
  }
  return { network, storage, clusters, regions: recordOf(definition['regions']), auto_scaling: scaling };
}

/** A finding about the merged definition, at the last file that says something about the key. */
function definitionIssue(parts: readonly Part[], keys: KeyPath, message: string, code: string): Issue {
  for (const part of [...parts].reverse()) {
    // `taskservs/redis.toml` says nothing about nginx.
    if (part.child !== undefined && part.base === keys[0] && part.child !== keys[1]) continue;
    const prefix = [part.base, part.child].filter((key) => key !== undefined);
    for (const own of [keys, keys.slice(1), keys.slice(prefix.length)]) {
      if (own.length === 0) continue;
      const location = part.document.locate(own);
      if (location.line === undefined || (own !== keys && part.base !== keys[0] && keys[0] !== 'settings'))
        continue;
      return issueAt({ document: part.document, path: [], value: part.document.value }, own, message, code);
    }
  }
  return { message, code };
}

interface Place {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly name: string;
  readonly environment: string;
}

async function resolved(
  definition: Data,
  parts: readonly Part[],
  options: LoadInfrastructureOptions,
  place: Place,
  issues: Issue[],
): Promise<Data> {
  if (!hasExpression(definition)) return definition;
  const how = await interpolation(options, place, definition, (at, message, code) =>
    definitionIssue(parts, at, message, code),
  );
  return interpolate(definition, how, issues);
}

async function interpolation(
  options: LoadInfrastructureOptions,
  place: Place,
  scope: Data,
  issue: (at: readonly (string | number)[], message: string, code: string) => Issue,
): Promise<Parameters<typeof interpolate>[1]> {
  const surroundings = options.surroundings ?? bare;
  const roots = interpolationRoots({
    surroundings,
    workspace: place.workspace,
    infra: place.name,
    environment: place.environment,
    git: options.surroundings === undefined ? {} : await gitFacts(place.workspace.path),
  });
  return { roots, outer: { ...options.configuration?.data(), ...scope }, issue };
}

/** Stands for the process where the caller gives no surroundings: nothing of it is visible to definitions. */
const bare: Surroundings = {
  env: {},
  cwd: '/',
  home: '/',
  platform: 'linux',
  installation: '/',
  now: () => new Date(),
};

function readerOf(options: LoadInfrastructureOptions, name: string): ReadOptions {
  const surroundings = options.surroundings ?? { ...bare, env: process.env };
  return {
    ciphers: options.ciphers ?? defaultCiphers(surroundings),
    evaluate: {
      context: {
        workspace: options.workspaceName ?? path.basename(options.workspacePath),
        infra: name,
        environment: options.environment ?? options.configuration?.environment ?? 'local',
        env: surroundings.env,
        params: options.params ?? {},
      },
      ...(options.surroundings === undefined
        ? {}
        : { cacheFolder: path.join(userDirectories(options.surroundings).cache, 'config-cache') }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  };
}

function settingsOf(definition: Data): Settings {
  const settings: Data = structuredClone(recordOf(definition['settings']));
  applyDefaults(Settings, settings);
  definition['settings'] = settings;
  return settings as Settings;
}

function configuredProvider(configuration: Configuration | undefined): string | undefined {
  const value = configuration?.get('providers.default');
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function environmentOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return canonicalEnvironment(value);
  const type = isRecord(value) ? value['type'] : undefined;
  return typeof type === 'string' ? canonicalEnvironment(type) : undefined;
}

function recordOf(value: unknown): Record<string, Data> {
  return isRecord(value) ? (value as Record<string, Data>) : {};
}
