import { createHash } from 'node:crypto';
import type {
  TaskservAsset,
  TaskservDirectory,
  TaskservFetch,
  TaskservHealth,
  TaskservManifest,
  TaskservUser,
} from '@provisioning/extensions-sdk';
import { exported } from '../transport/remote-command.ts';
import type { TaskservConfig } from './configuration.ts';
import type { ScriptName, TaskservPackage } from './package.ts';
import { type TemplateData, TemplateRenderer } from './templates.ts';

export interface DesiredFile {
  readonly path: string;
  readonly content: string;
  readonly sha256: string;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly onChange: 'restart' | 'reload' | 'none';
  readonly validate: string | undefined;
}

/** A package repository, and the file of APT that names it. */
export interface DesiredRepository {
  readonly name: string;
  readonly source: string;
  readonly keyUrl: string;
  readonly file: string;
  readonly sha256: string;
}

/** What a taskserv wants of one host: everything rendered, nothing left to decide there. */
export interface DesiredTaskserv {
  readonly name: string;
  /** Version of the software that was asked for. */
  readonly version: string;
  readonly packages: readonly string[];
  /** Version of the first package, where one was asked for by number and packages carry it. */
  readonly packageVersion: string | undefined;
  readonly keepPackages: boolean;
  readonly repositories?: readonly DesiredRepository[];
  /** Hostname of the server that helps. */
  readonly helper?: string;
  readonly fetch?: readonly TaskservFetch[];
  readonly users: readonly TaskservUser[];
  readonly directories: readonly TaskservDirectory[];
  readonly assets: readonly TaskservAsset[];
  readonly files: readonly DesiredFile[];
  readonly units: readonly string[];
  /** Lines that `check.sh` must report: `what<TAB>value`. */
  readonly facts: readonly string[];
  readonly health: TaskservHealth;
  /** Shell text that exports what the scripts see; may hold secrets. */
  readonly environment: string;
  readonly scripts: ReadonlyMap<ScriptName, string>;
  readonly dataDirectories: readonly string[];
  readonly osSupport: readonly string[];
  readonly resources: { readonly memory: number; readonly disk: number };
  readonly timeout: number;
  /** Changes whenever the definition or the package changes; kept on the host to tell drift from a new definition. */
  readonly digest: string;
}

/**
 * Renders a taskserv for one host.
 * @throws ProvisioningError `TEMPLATE_INVALID`, `SERVER_ADDRESS_UNKNOWN`.
 */
export function renderTaskserv(
  taskserv: TaskservPackage,
  config: TaskservConfig,
  version: string | undefined,
  addresses: Pick<TemplateData, 'server' | 'servers'>,
): DesiredTaskserv {
  const { manifest, templates, scripts } = taskserv;
  const { install } = manifest;
  const wanted = version ?? manifest.software.version;
  const data: TemplateData = { ...addresses, config, version: wanted, arch: 'amd64' };
  const renderer = new TemplateRenderer(data);
  const where = `${taskserv.folder}/manifest.yaml`;
  const text = (source: string): string => renderer.text(source, where);

  const repositories = install.repositories
    .filter(({ when }) => renderer.holds(when, where))
    .map((one) => repository(one, text));
  const files = install.files
    .filter((file) => renderer.holds(file.when, where))
    .map((file): DesiredFile => {
      const content = renderer.render(
        templates.get(file.template)!,
        `${taskserv.folder}/default/${file.template}`,
      );
      return {
        path: text(file.path),
        content,
        sha256: sha256(content),
        mode: file.mode.replace(/^0+(?=\d{3})/, ''),
        owner: text(file.owner),
        group: text(file.group),
        onChange: file.on_change,
        validate: file.validate === undefined ? undefined : text(file.validate),
      };
    });
  const desired = {
    name: manifest.name,
    version: wanted,
    packages: unique((install.packages?.apt ?? []).flatMap((name) => words(text(name)))),
    packageVersion: packageVersion(taskserv, version),
    keepPackages: install.keep_packages,
    ...(repositories.length === 0 ? {} : { repositories }),
    ...helperOf(install.helper === undefined ? '' : text(install.helper).trim(), addresses.server.hostname),
    ...(install.fetch.length === 0
      ? {}
      : { fetch: install.fetch.map((file) => ({ ...file, path: text(file.path) })) }),
    users: install.users,
    directories: install.directories.map((directory) => ({
      ...directory,
      path: text(directory.path),
      mode: directory.mode.replace(/^0+(?=\d{3})/, ''),
    })),
    assets: install.assets.map((asset) => ({
      ...asset,
      url: versioned(text(asset.url), data),
      sha256: text(asset.sha256),
      checksum_url: versioned(text(asset.checksum_url), data),
      path: text(asset.path),
    })),
    files,
    units: install.units
      .filter((unit) => renderer.holds(unit.when, where))
      .flatMap(({ name }) => words(text(name))),
    facts: renderer
      .render(install.facts, where)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => (line.includes('\t') ? line : `${line}\tpresent`)),
    health: {
      ...manifest.health,
      command: manifest.health.command === undefined ? undefined : text(manifest.health.command),
      tcp: manifest.health.tcp === undefined ? undefined : text(manifest.health.tcp),
      endpoint: manifest.health.endpoint === undefined ? undefined : text(manifest.health.endpoint),
    },
    environment: environmentOf(taskserv, renderer, data),
    scripts,
    dataDirectories: manifest.data_directories.map(text),
    osSupport: manifest.os_support,
    resources: manifest.resources,
    timeout: manifest.timeout,
  };
  return { ...desired, digest: sha256(JSON.stringify({ ...desired, scripts: [...scripts] })).slice(0, 16) };
}

/** The line of APT for a repository; its key lies beside it. */
function repository(
  { name, source, key_url }: TaskservManifest['install']['repositories'][number],
  text: (source: string) => string,
): DesiredRepository {
  const line = `deb [signed-by=/etc/apt/keyrings/provisioning-${name}.asc] ${text(source)}`;
  return {
    name,
    source: line,
    keyUrl: text(key_url),
    file: `/etc/apt/sources.list.d/provisioning-${name}.list`,
    sha256: sha256(`${line}\n`),
  };
}

/** Nobody helps itself. */
function helperOf(helper: string, own: string): { readonly helper?: string } {
  return helper === '' || helper === own ? {} : { helper };
}

/** `{version}` and `{arch}` in an address that a definition gives, such as that of a mirror (07 §2 `assets`). */
function versioned(url: string, { version, arch = '' }: TemplateData): string {
  return url.replaceAll('{version}', version).replaceAll('{arch}', arch);
}

/** Versions are told apart by the package sources only where the taskserv says that its software comes from there. */
function packageVersion({ manifest }: TaskservPackage, asked: string | undefined): string | undefined {
  // A repository of its own has many versions side by side, so that one is always chosen.
  const own = manifest.install.repositories.length > 0;
  const version = asked ?? (own ? manifest.software.version : undefined);
  if (version === undefined || manifest.software.source?.type !== 'apt') return undefined;
  // Packages that stay when it goes are tools; the software itself comes another way.
  if (manifest.install.keep_packages) return undefined;
  const number = version.replace(/\.x$/, '');
  return /^\d/.test(number) ? number : undefined;
}

/** `default/env-<name>.hbs` (07 §1), after what every script gets. */
function environmentOf(taskserv: TaskservPackage, renderer: TemplateRenderer, data: TemplateData): string {
  const { name } = taskserv.manifest;
  const own = taskserv.templates.get(`env-${name}.hbs`);
  const lines = [
    exported('TASKSERV_NAME', name),
    exported('TASKSERV_VERSION', data.version),
    exported('SERVER_HOSTNAME', data.server.hostname),
    exported('SERVER_IP', data.server.ip),
  ];
  if (own !== undefined) lines.push(renderer.render(own, `${taskserv.folder}/default/env-${name}.hbs`));
  return `${lines.join('\n')}\n`;
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}
