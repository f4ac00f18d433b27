import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationSchema, type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import type { TSchema } from 'typebox';
import { builtInFragment, fillProviders } from './built-in.ts';
import type { ConfigCipher } from './cipher.ts';
import { defaultCiphers } from './ciphers/index.ts';
import { composed } from './composition.ts';
import { Configuration } from './configuration.ts';
import { mainFile } from './definition-formats.ts';
import type { Data, Document } from './document.ts';
import { type DetectedEnvironment, detectEnvironment } from './environment.ts';
import { foldFragments } from './fold.ts';
import { type Fragment, fileFragment, locateIn } from './fragment.ts';
import { gitFacts } from './git.ts';
import { hasExpression, interpolate } from './interpolation/interpolate.ts';
import { invalidConfiguration, throwIssues } from './issues.ts';
import { withAliases } from './key-aliases.ts';
import { type LayerFile, environmentFiles, layerFiles, layerOrder } from './layers.ts';
import { deepFreeze, isRecord, nest, valueAt } from './merge.ts';
import { activeProfile, activeRegion, withOverlays } from './overlays.ts';
import { preferenceFragments } from './preferences.ts';
import { type ReadOptions, readDocument } from './read.ts';
import { interpolationRoots } from './roots.ts';
import { schemaLeaves } from './schema-leaves.ts';
import { expandShellVariables, expandsShellVariables } from './shell-variables.ts';
import { type Surroundings, expandHome, userDirectories } from './surroundings.ts';
import { validateConfiguration } from './validation/configuration.ts';
import { variableFragments } from './variables.ts';

export interface LoadOptions {
  readonly surroundings: Surroundings;
  readonly workspace?: { readonly name: string; readonly path: string };
  readonly infra?: string;
  /** `--environment`; detected when absent (02 §6). */
  readonly environment?: string;
  /** Set by `env set` for this workspace. */
  readonly storedEnvironment?: string;
  /** `--profile`, `--region`. */
  readonly profile?: string;
  readonly region?: string;
  /** `--config`. */
  readonly configFile?: string;
  /** Values of command-line flags by dotted key. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** The service that loads, with its own variables and schema. */
  readonly service?: { readonly name: string; readonly prefix: string; readonly schema?: TSchema };
  readonly ciphers?: readonly ConfigCipher[];
  /** Use cached copies of `[dynamic] config_urls`. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
  /** Only collect findings in `issues` and return what could be loaded; for `validate config`. */
  readonly issues?: Issue[];
}

/**
 * Loads every layer, composes, merges, interpolates, validates and freezes (02 §3.1).
 * @throws ProvisioningError kind `configuration` (exit 3) with all findings
 */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const warnings: string[] = [];
  const issues: Issue[] = [];
  const { fragments, environment } = await collectFragments(options, warnings);
  const merged = foldFragments(fragments);
  const variables = variableFragments({
    env: options.surroundings.env,
    merged,
    ...(options.service === undefined ? {} : { service: options.service }),
  });
  warnings.push(...variables.warnings);
  const own = [...variables.fragments, ...flagFragments(options.flags)].flatMap(withAliases);
  const all = [...fragments, ...own];
  const raw = own.length === 0 ? merged : foldFragments(all);
  fillProviders(raw);
  const value = await interpolated(raw, all, options, environment.name, issues);
  expandHomes(value, options.surroundings.home);
  validateConfiguration(value, all, issues, warnings);
  if (options.issues === undefined) throwIssues(issues, invalidConfiguration);
  else options.issues.push(...issues);
  return new Configuration({
    value: deepFreeze(value),
    fragments: all,
    environment: environment.name,
    environmentSource: environment.source,
    warnings,
    unknownVariables: variables.unknown,
    ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
    ...(options.infra === undefined ? {} : { infra: options.infra }),
  });
}

interface Collected {
  readonly fragments: Fragment[];
  readonly environment: DetectedEnvironment;
}

/** Reads all files and turns them into fragments, lowest precedence first. */
async function collectFragments(options: LoadOptions, warnings: string[]): Promise<Collected> {
  const { surroundings, workspace, infra } = options;
  const { places, extraFile } = await configurationPlaces(options, warnings);
  const main = workspace === undefined ? undefined : mainFile(workspace.path);
  if (workspace !== undefined && main === undefined) throw mainFileMissing(workspace.path);
  const common = {
    userConfig: places,
    ...(workspace === undefined ? {} : { workspacePath: workspace.path, workspaceName: workspace.name }),
    ...(infra === undefined ? {} : { infra }),
    ...(main === undefined ? {} : { mainFile: main }),
    ...(extraFile === undefined ? {} : { extraFile }),
  };
  const reader = readerOf(options, infra ?? '');
  const read = (files: readonly LayerFile[]): Promise<Read[]> => readAll(files, reader, warnings);
  const first = await read(layerFiles(common));
  const environment = await detectEnvironment({
    surroundings,
    ...(workspace === undefined ? {} : { workspacePath: workspace.path }),
    ...(options.environment === undefined ? {} : { flag: options.environment }),
    ...(options.storedEnvironment === undefined ? {} : { stored: options.storedEnvironment }),
    ...configuredEnvironment(first),
  });
  const overlayFiles = workspace === undefined ? [] : environmentFiles(workspace.path, environment.name);
  const files = sortLayers([...first, ...(await read(overlayFiles))]);
  const base = builtInFragment(surroundings.installation, workspace);
  const plain = files.flatMap(({ file, document }) => fromFile(file, document, surroundings.env));
  const composition = compositionOptions(options, places, warnings);
  const withBases: Fragment[] = [base];
  for (const fragment of plain) withBases.push(...(await composed(fragment, composition)), fragment);
  const profile = activeProfile(withBases, options.profile ?? surroundings.env['PROVISIONING_PROFILE']);
  const region = activeRegion(withBases.flatMap(withAliases), options.region);
  const active = {
    environment: environment.name,
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  };
  const fragments = withBases.flatMap((fragment) => withOverlays(fragment, active)).flatMap(withAliases);
  return { fragments, environment };
}

interface Read {
  readonly file: LayerFile;
  readonly document: Document;
}

async function readAll(
  files: readonly LayerFile[],
  reader: ReadOptions,
  warnings: string[],
): Promise<Read[]> {
  const documents = await Promise.all(files.map(({ file }) => readDocument(file, reader)));
  const found: Read[] = [];
  files.forEach((file, index) => {
    const document = documents[index];
    if (document !== undefined) found.push({ file, document });
  });
  for (const { file } of found) {
    if (file.aliasOf === undefined) continue;
    const canonical = found.some((other) => other.file.file === file.aliasOf);
    if (canonical)
      warnings.push(`${file.file} is an older name of ${file.aliasOf}; both are read, the latter wins`);
  }
  return found;
}

function sortLayers(files: readonly Read[]): Read[] {
  return [...files].sort((a, b) => layerOrder.indexOf(a.file.layer) - layerOrder.indexOf(b.file.layer));
}

function fromFile(file: LayerFile, document: Document, env: Surroundings['env']): Fragment[] {
  if (file.preferences === true) return preferenceFragments(document);
  if (!expandsShellVariables(file.file) || !document.mayHold('${'))
    return fileFragment(file.layer, document, file.mount, file.unwrap);
  return fileFragment(file.layer, document, file.mount, file.unwrap).map((fragment) => ({
    ...fragment,
    value: expandShellVariables(fragment.value, env),
  }));
}

function readerOf(options: LoadOptions, infra: string): ReadOptions {
  const { surroundings, workspace } = options;
  return {
    ciphers: options.ciphers ?? defaultCiphers(surroundings),
    evaluate: {
      context: {
        workspace: workspace?.name ?? '',
        infra,
        environment: options.environment ?? surroundings.env['PROVISIONING_ENV'] ?? '',
        env: surroundings.env,
        params: {},
      },
      cacheFolder: path.join(userDirectories(surroundings).cache, 'config-cache'),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  };
}

/** `PROVISIONING_CONFIG` names a directory (the user's) or a file, merged last among the user's own. */
async function configurationPlaces(
  options: LoadOptions,
  warnings: string[],
): Promise<{ readonly places: string; readonly extraFile?: string }> {
  const { surroundings } = options;
  const places = userDirectories(surroundings).config;
  const variable = surroundings.env['PROVISIONING_CONFIG'] ?? surroundings.env['PROVISIONING_CONFIG_PATH'];
  const named = options.configFile ?? variable;
  if (named === undefined || named === '') return { places };
  if (options.configFile === undefined)
    warnings.push('PROVISIONING_CONFIG is deprecated; use --config or PROVISIONING_HOME');
  const file = path.resolve(surroundings.cwd, expandHome(named, surroundings.home));
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    throw new ProvisioningError({
      code: 'CONFIG_FILE_NOT_FOUND',
      kind: 'configuration',
      message: `Configuration file not found: ${file}`,
      location: { file },
    });
  }
  return found.isDirectory() ? { places: file } : { places, extraFile: file };
}

function mainFileMissing(workspace: string): ProvisioningError {
  const file = path.join(workspace, 'config', 'provisioning.toml');
  return new ProvisioningError({
    code: 'MAIN_FILE_MISSING',
    kind: 'configuration',
    message: `Required configuration file not found: ${file}`,
    hint: 'Write it with: provisioning init project',
    location: { file },
  });
}

function configuredEnvironment(files: readonly Read[]): { configured?: string } {
  for (const key of [
    ['defaults', 'environment'],
    ['infrastructure', 'environment'],
  ]) {
    const setter = sortLayers(files).findLast(
      ({ file, document }) => file.mount.length === 0 && typeof valueAt(document.value, key) === 'string',
    );
    if (setter !== undefined) return { configured: String(valueAt(setter.document.value, key)) };
  }
  return {};
}

function compositionOptions(
  options: LoadOptions,
  userConfig: string,
  warnings: string[],
): Parameters<typeof composed>[1] {
  const { surroundings, workspace } = options;
  const workspaceRoots = workspace === undefined ? [] : [workspace.path];
  return {
    templateFolders: [
      ...workspaceRoots.map((root) => path.join(root, 'templates', 'config')),
      path.join(userConfig, 'templates'),
      path.join(surroundings.installation, 'templates', 'config'),
    ],
    roots: [...workspaceRoots, userConfig, surroundings.installation],
    cacheFolder: path.join(userDirectories(surroundings).cache, 'config-remote'),
    offline: options.offline ?? false,
    warn: (message) => warnings.push(message),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

function flagFragments(flags: LoadOptions['flags']): Fragment[] {
  return Object.entries(flags ?? {}).map(([key, value]) => ({
    layer: 'flag',
    value: nest(key.split('.'), value),
    mount: [],
    within: [],
    origin: `--${key}`,
  }));
}

async function interpolated(
  raw: Data,
  fragments: readonly Fragment[],
  options: LoadOptions,
  environment: string,
  issues: Issue[],
): Promise<Data> {
  if (!hasExpression(raw)) return raw;
  const { surroundings, workspace, infra } = options;
  const asksGit = fragments.some(
    ({ document, value }) => document?.mayHold('git.') !== false && hasExpression(value, 'git.'),
  );
  const git = asksGit ? await gitFacts(workspace?.path ?? surroundings.cwd) : {};
  const roots = interpolationRoots({
    surroundings,
    environment,
    git,
    ...(workspace === undefined ? {} : { workspace }),
    ...(infra === undefined ? {} : { infra }),
  });
  return interpolate(
    raw,
    {
      roots,
      issue: (at, message, code) => {
        const winner = fragments.findLast((fragment) => valueAt(fragment.value, at) !== undefined);
        const location = winner === undefined ? undefined : locateIn(winner, at);
        const frame = location === undefined ? undefined : winner?.document?.frame(location);
        return {
          message,
          code,
          location: { ...(location ?? { file: winner?.origin ?? 'built-in defaults' }), key: at.join('.') },
          ...(frame === undefined ? {} : { frame }),
        };
      },
    },
    issues,
  );
}

/** A leading `~` expands in values that are paths (02 §7). */
function expandHomes(value: Data, home: string): void {
  for (const leaf of schemaLeaves(ConfigurationSchema)) {
    if (leaf.format !== 'path') continue;
    const current = valueAt(value, leaf.path);
    const expand = (text: unknown): unknown => (typeof text === 'string' ? expandHome(text, home) : text);
    const expanded = Array.isArray(current) ? current.map(expand) : expand(current);
    if (
      expanded === current ||
      (Array.isArray(current) && current.every((item, index) => item === (expanded as unknown[])[index]))
    )
      continue;
    setAt(value, leaf.path, expanded);
  }
}

/** Sets a value in data that may share parts with frozen data: the records on the way are copied. */
function setAt(data: Data, at: readonly string[], value: unknown): void {
  let record = data;
  for (const key of at.slice(0, -1)) {
    const copy: Data = isRecord(record[key]) ? { ...record[key] } : {};
    record[key] = copy;
    record = copy;
  }
  record[at.at(-1)!] = value;
}
