import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { type ExtensionKind, kinds } from './kinds.ts';
import { readManifest } from './manifest.ts';

/** A folder outside the roots that is known by `extension register` (08 §4.1, S:16957-16966). */
export interface Registration {
  readonly name: string;
  readonly version: string;
  readonly type: ExtensionKind;
  readonly path: string;
  readonly registered_at: string;
  /** The folder has been deleted since. */
  readonly missing?: true;
}

function registrationsFile(userConfigPath: string): string {
  return join(userConfigPath, 'extensions.yaml');
}

/** Every registration in the order of registering; no file means none. */
export async function readRegistrations(userConfigPath: string): Promise<Registration[]> {
  const text = await readFile(registrationsFile(userConfigPath), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const { parse } = await import('yaml');
  const data = parse(text) as { extensions?: Registration[] } | null;
  return (data?.extensions ?? []).filter(
    (entry) =>
      typeof entry?.path === 'string' && kinds.includes(entry.type) && typeof entry.name === 'string',
  );
}

/** Registrations with a mark on those whose folder is gone. */
export async function listRegisteredExtensions(
  userConfigPath: string,
  type?: ExtensionKind,
): Promise<Registration[]> {
  const all = (await readRegistrations(userConfigPath)).filter(
    (entry) => type === undefined || entry.type === type,
  );
  return Promise.all(
    all.map(async (entry) => {
      const present = await stat(entry.path).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return present ? entry : { ...entry, missing: true as const };
    }),
  );
}

/**
 * Registers a folder; registering the same name again replaces.
 * @throws ProvisioningError `EXTENSION_PATH_MISSING` (exit 5), `MANIFEST_*`, `EXTENSION_KIND_MISMATCH`.
 */
export async function registerExtension(
  userConfigPath: string,
  path: string,
  type: ExtensionKind,
  now: () => number = Date.now,
  check = false,
): Promise<Registration> {
  const folder = resolve(path);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new ProvisioningError({
      code: 'EXTENSION_PATH_MISSING',
      kind: 'not-found',
      message: `Extension folder not found: ${path}`,
      hint: 'Give the folder that holds manifest.yaml.',
    });
  }
  const { manifest } = await readManifest(folder);
  if (manifest.type !== type) {
    throw new ProvisioningError({
      code: 'EXTENSION_KIND_MISMATCH',
      kind: 'usage',
      message: `${manifest.name} is a ${manifest.type}, not a ${type}`,
      hint: `Run 'provisioning extension register ${path} ${manifest.type}'.`,
    });
  }
  const entry: Registration = {
    name: manifest.name,
    version: manifest.version,
    type,
    path: folder,
    registered_at: new Date(now()).toISOString(),
  };
  const edit = (entries: Registration[]): Registration[] => [
    ...entries.filter(({ name, type: kind }) => name !== entry.name || kind !== type),
    entry,
  ];
  if (!check) await change(userConfigPath, edit);
  return entry;
}

/** Forgets a registration; the folder stays. @throws ProvisioningError `EXTENSION_NOT_REGISTERED`, exit 5. */
export async function unregisterExtension(
  userConfigPath: string,
  name: string,
  type: ExtensionKind,
  check = false,
): Promise<void> {
  const edit = (entries: Registration[]): Registration[] => {
    const rest = entries.filter((entry) => entry.name !== name || entry.type !== type);
    if (rest.length < entries.length) return rest;
    throw new ProvisioningError({
      code: 'EXTENSION_NOT_REGISTERED',
      kind: 'not-found',
      message: `Extension '${name}' is not registered as ${type}`,
      hint: `Registered: ${entries.map((entry) => `${entry.type} ${entry.name}`).join(', ') || 'none'}`,
    });
  };
  if (check) edit(await readRegistrations(userConfigPath));
  else await change(userConfigPath, edit);
}

async function change(
  userConfigPath: string,
  edit: (entries: Registration[]) => Registration[],
): Promise<void> {
  const file = registrationsFile(userConfigPath);
  const { stringify } = await import('yaml');
  await withFileLock(file, async () => {
    const extensions = edit(await readRegistrations(userConfigPath));
    await writeFileAtomic(file, stringify({ extensions }));
  });
}
