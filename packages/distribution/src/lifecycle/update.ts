import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseExtensionReference } from '../artifacts/artifact-name.ts';
import type { ArtifactSession } from '../artifacts/session.ts';
import { type Module } from '../dependencies/workspace-block.ts';
import { parseRange } from '../extension/package-manifest.ts';
import type { OciSettings } from '../settings/oci-settings.ts';
import { type InstalledVersion, installExtensions, type InstallOptions } from './install.ts';
import { newestOf, readUserExtensions, type UserExtension } from './user-extensions.ts';

/**
 * Brings extensions that are installed for the user to the newest version that fits (09 §12 `extension update`); the older
 * one stays beside it.
 * @param name `name` or `kind/name`; without it everything a person asked for.
 * @throws ProvisioningError `EXTENSION_NOT_INSTALLED`, exit 5; `NO_SOURCE`, exit 1; what `installExtensions` throws.
 */
export async function updateExtensions(
  session: ArtifactSession,
  name: string | undefined,
  options: InstallOptions & { readonly version?: string },
): Promise<readonly InstalledVersion[]> {
  const newest = [...newestOf(await readUserExtensions(options.dataFolder)).values()];
  const chosen = newest.filter((one) =>
    name === undefined
      ? one.origin?.requested === true
      : one.name === name || `${one.kind}/${one.name}` === name,
  );
  if (name !== undefined && chosen.length === 0) throw notInstalled(name, newest);
  const modules = chosen.flatMap((one) => {
    const module = moduleOf(one, options.version, session.settings);
    if (module !== undefined) return [module];
    const text = `${one.name} was installed from ${one.reference ?? 'a folder'}, which has one version only`;
    if (name === undefined) {
      session.warn(text);
      return [];
    }
    throw new ProvisioningError({
      code: 'NO_SOURCE',
      message: text,
      hint: `run 'provisioning extension install <reference>' with the new one`,
    });
  });
  return installExtensions(session, modules, options);
}

/** Where the versions of an installed extension are: its reference without the version. */
function moduleOf(
  one: UserExtension,
  version: string | undefined,
  { registry, indexUrl }: Pick<OciSettings, 'registry' | 'indexUrl'>,
): Module | undefined {
  if (one.origin === undefined) return undefined;
  if (version !== undefined && parseRange(version) === undefined) {
    throw new ProvisioningError({
      code: 'INVALID_VERSION',
      kind: 'usage',
      message: `${version} is no version and no range`,
    });
  }
  const range = version ?? '*';
  const text = one.origin.reference;
  const base = { kind: one.kind, name: one.name, range, text };
  // A layout that serves as the registry has namespaces like any other, which its short form cannot say.
  if (registry.startsWith('layout:') && text.startsWith(`${registry}/`)) {
    const repository = text.slice(registry.length + 1).replace(/[:@][^/]*$/, '');
    return { ...base, reference: { form: 'layout', folder: registry.slice('layout:'.length), repository } };
  }
  const reference = parseExtensionReference(/^[\w.-]+(?::\d+)?\//.test(text) ? `oci://${text}` : text);
  switch (reference.form) {
    case 'oci': {
      const { host, repository } = reference;
      return { ...base, reference: { form: 'oci', host, repository } };
    }
    case 'layout': {
      const { folder, repository } = reference;
      return { ...base, reference: { form: 'layout', folder, repository } };
    }
    case 'npm':
      return { ...base, reference: { ...reference, range } };
    case 'gitea': {
      const { version: _version, ...rest } = reference;
      return { ...base, reference: rest };
    }
    case 'archive':
      // What an index lists lies at an address of its own for every version; the index has the others.
      if (indexUrl === undefined || new URL(indexUrl).origin !== new URL(reference.url).origin)
        return undefined;
      return { ...base, reference: { form: 'name', kind: one.kind, name: one.name } };
    case 'name':
      return { ...base, reference: { form: 'name', kind: one.kind, name: one.name } };
    default:
      return undefined;
  }
}

export function notInstalled(name: string, installed: readonly UserExtension[]): ProvisioningError {
  const names = [...new Set(installed.map((one) => `${one.kind}/${one.name}`))];
  return new ProvisioningError({
    code: 'EXTENSION_NOT_INSTALLED',
    kind: 'not-found',
    message: `Extension '${name}' is not installed`,
    hint: names.length === 0 ? 'nothing is installed for this user' : `installed: ${names.join(', ')}`,
  });
}
