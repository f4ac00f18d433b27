import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type ExtensionCatalogue,
  type ExtensionKind,
  type ExtensionRecord,
  extensionKinds,
  parseKind,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** An extension by name or `type/name`, whatever its state. @throws ProvisioningError `EXTENSION_NOT_FOUND`, exit 5. */
export async function findExtension(
  catalogue: ExtensionCatalogue,
  text: string,
  type?: string,
): Promise<ExtensionRecord> {
  const [first, second] = text.split('/') as [string, string | undefined];
  const name = second ?? first;
  const wanted = type ?? (second === undefined ? undefined : first);
  const kinds: readonly ExtensionKind[] = wanted === undefined ? extensionKinds : [parseKind(wanted)];
  for (const kind of kinds) {
    const record = await catalogue.find(kind, name);
    if (record !== undefined) return record;
  }
  const bad = catalogue.rejected.find((entry) => entry.name === name);
  throw new ProvisioningError({
    code: 'EXTENSION_NOT_FOUND',
    kind: 'not-found',
    message: `Extension '${name}' not found`,
    hint:
      bad === undefined
        ? "Run 'provisioning extension discover'."
        : `${bad.path} was left out: ${bad.reason}`,
  });
}

/** The folder that a person means: a path, or the folder of a known extension. */
export async function extensionFolder(
  catalogue: ExtensionCatalogue,
  cwd: string,
  text: string | undefined,
): Promise<{ readonly path: string; readonly type?: ExtensionKind }> {
  const path = resolve(cwd, text ?? '.');
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return { path };
  if (text !== undefined && !text.startsWith('.') && !text.startsWith('/') && text.split('/').length <= 2) {
    const record = await findExtension(catalogue, text);
    return { path: record.path, type: record.type };
  }
  throw new ProvisioningError({
    code: 'EXTENSION_NOT_FOUND',
    kind: 'not-found',
    message: `Extension not found: ${text}`,
  });
}
