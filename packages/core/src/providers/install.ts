import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError, requiredProviderFunctions } from '@provisioning/extensions-sdk';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { loadInfrastructure } from '../infra/index.ts';
import {
  type LoadedEntry,
  listModules,
  loadModules,
  type ModuleTarget,
  unloadModules,
} from '../modules/index.ts';
import { usersOf } from '../modules/usage.ts';

/** A provider of an infrastructure as `providers.manifest.yaml` records it; tracked in Git (06 §10.1). */
export interface InstalledProvider {
  readonly name: string;
  readonly version: string;
  readonly mode: 'link' | 'pack';
  /** Below the infrastructure's folder. */
  readonly path: string;
  readonly sha256?: string;
}

export interface InstallOptions {
  readonly catalogue: ExtensionCatalogue;
  readonly target: ModuleTarget;
  readonly name: string;
  readonly force?: boolean;
  /** Environment `prod` and enterprise mode take pinned packs only. */
  readonly pinnedOnly?: boolean;
}

const manifestName = 'providers.manifest.yaml';

/** Links a provider into an infrastructure (06 §10.1). @throws ProvisioningError of `loadModules`, `PROVIDER_NOT_PINNED`. */
export async function installProvider(options: InstallOptions): Promise<LoadedEntry> {
  const { target, name, force } = options;
  if (options.pinnedOnly === true) throw notPinned(name);
  await refuseOtherForm(target.base, name, 'link');
  // A link of the infrastructure itself hides its source from discovery; it is no source for itself.
  const catalogue = new ExtensionCatalogue({ ...options.catalogue.roots, infra: undefined });
  const [entry] = await loadModules({
    catalogue,
    kind: 'provider',
    target,
    names: [name],
    mode: 'link',
    force,
  });
  if (entry === undefined) throw new Error(`nothing was loaded for ${name}`);
  const { version, path } = entry;
  await changeManifest(target.base, (providers) => [
    ...providers.filter((known) => known.name !== name),
    { name, version, mode: 'link', path },
  ]);
  return entry;
}

/** @throws ProvisioningError `PROVIDER_IN_USE` while servers use it, unless forced. */
export async function removeProvider(options: Omit<InstallOptions, 'pinnedOnly'>): Promise<void> {
  const { target, name, force = false } = options;
  const users = force ? [] : await usersOf(target, 'provider', name);
  if (users.length > 0) {
    throw new ProvisioningError({
      code: 'PROVIDER_IN_USE',
      kind: 'conflict',
      message: `Provider '${name}' is used by: ${users.join(', ')}`,
      hint: 'Delete these servers or change their provider first, or use --force.',
    });
  }
  const installed = (await installedProviders(target.base)).find((known) => known.name === name);
  if (installed?.mode === 'pack')
    await rm(packedProviderFolder(target.base, name), { recursive: true, force: true });
  else await unloadModules({ kind: 'provider', target, names: [name], force: true });
  await changeManifest(target.base, (providers) => providers.filter((known) => known.name !== name));
}

/** Where the pack of a provider is unpacked in an infrastructure (06 §10.2). */
export function packedProviderFolder(base: string, name: string): string {
  return join(base, packedPath(name));
}

const packedPath = (name: string): string => `vendor/${name}_prov`;

/** Records a provider whose pack was unpacked, with its exact version (06 §10.2). */
export async function recordPackedProvider(
  base: string,
  provider: Pick<InstalledProvider, 'name' | 'version' | 'sha256'>,
): Promise<InstalledProvider> {
  const { name, version, sha256 } = provider;
  const entry: InstalledProvider = { name, version, mode: 'pack', path: packedPath(name), sha256 };
  await changeManifest(base, (providers) => [...providers.filter((known) => known.name !== name), entry]);
  return entry;
}

/** @throws ProvisioningError `PROVIDER_INSTALLED` where a provider is there in the other form. */
export async function refuseOtherForm(
  base: string,
  name: string,
  mode: InstalledProvider['mode'],
): Promise<void> {
  const installed = (await installedProviders(base)).find((known) => known.name === name);
  if (installed === undefined || installed.mode === mode) return;
  throw new ProvisioningError({
    code: 'PROVIDER_INSTALLED',
    kind: 'conflict',
    message: `Provider '${name}' is installed as ${installed.mode}: ${installed.path}`,
    hint: `Remove it first: provisioning providers remove ${name} --force`,
  });
}

/** What the manifest of an infrastructure says. */
export async function installedProviders(base: string): Promise<readonly InstalledProvider[]> {
  const text = await readFile(join(base, manifestName), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const { parse } = await import('yaml');
  const { providers } = (parse(text) ?? {}) as { providers?: unknown };
  return Array.isArray(providers) ? (providers as InstalledProvider[]) : [];
}

export interface ProviderFinding {
  readonly provider: string;
  readonly message: string;
}

/**
 * Whether what is installed is whole: links resolve, manifest and folder agree, interfaces load, every provider that a
 * server names can be had, and production has no links.
 */
export async function validateProviders(options: {
  readonly catalogue: ExtensionCatalogue;
  readonly target: ModuleTarget;
  readonly pinnedOnly?: boolean;
  /** Loads and initialises a provider; `Project.provider`. */
  readonly open: (name: string) => Promise<unknown>;
}): Promise<readonly ProviderFinding[]> {
  const { catalogue, target, open } = options;
  const findings: ProviderFinding[] = [];
  const installed = await installedProviders(target.base);
  const { modules } = await listModules(target, 'provider', catalogue);
  for (const { name, version, mode, path } of installed) {
    const say = (message: string) => void findings.push({ provider: name, message });
    if (mode === 'pack') {
      const found = await catalogue.find('provider', name);
      if (found?.path !== packedProviderFolder(target.base, name)) say(`${path} does not hold the provider`);
      else if (found.version !== version)
        say(`the manifest says ${version}, the folder ${String(found.version)}`);
      continue;
    }
    const module = modules.find((entry) => entry.name === name);
    if (module === undefined || module.status === 'missing') say(`${path} does not lead to the provider`);
    else if (module.status === 'modified') say(`${path} leads elsewhere than it was linked to`);
    else if (module.version !== version) say(`the manifest says ${version}, the folder ${module.version}`);
    if (mode === 'link' && options.pinnedOnly === true) say(notPinned(name).message);
  }
  const { workspacePath, infra } = target;
  const named =
    workspacePath === undefined || infra === undefined
      ? []
      : (await loadInfrastructure({ workspacePath, infra })).servers.map(({ provider }) => provider);
  for (const name of new Set([...installed.map((entry) => entry.name), ...named])) {
    if (findings.some(({ provider }) => provider === name)) continue;
    try {
      await open(name);
    } catch (error) {
      findings.push({ provider: name, message: ProvisioningError.from(error).message });
    }
  }
  return findings;
}

function notPinned(name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'PROVIDER_NOT_PINNED',
    kind: 'configuration',
    message: `Provider '${name}' is linked; production needs a pinned pack`,
    hint: `Install an exact version: 'provisioning providers install ${name} <infra> --version <version>'.`,
  });
}

async function changeManifest(
  base: string,
  change: (providers: readonly InstalledProvider[]) => readonly InstalledProvider[],
): Promise<void> {
  const file = join(base, manifestName);
  const { stringify } = await import('yaml');
  await withFileLock(file, async () => {
    const providers = [...change(await installedProviders(base))].sort((a, b) =>
      a.name.localeCompare(b.name),
    );
    await writeFileAtomic(file, stringify({ providers }), 0o644);
  });
}

/** Names of the functions every provider has, for `provider interface-docs`. */
export const providerFunctions: readonly string[] = requiredProviderFunctions;
