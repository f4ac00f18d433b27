import { ProvisioningError } from '@provisioning/extensions-sdk';

export type ExtensionKind = 'provider' | 'taskserv' | 'cluster';
/** Where an extension was found, highest first (08 §3). */
export type ExtensionLayer = 'infrastructure' | 'workspace' | 'installed' | 'core';

export const kinds: readonly ExtensionKind[] = ['provider', 'taskserv', 'cluster'];

/** The folder name of a kind: `providers`, `taskservs`, `clusters`. */
export function kindFolder(kind: ExtensionKind): string {
  return `${kind}s`;
}

/** Folder names in which a kind is looked for; `cluster/` is an older spelling. */
export const kindFolders: Readonly<Record<ExtensionKind, readonly string[]>> = {
  provider: ['providers'],
  taskserv: ['taskservs'],
  cluster: ['clusters', 'cluster'],
};

/** A kind as people write it, singular or plural. @throws ProvisioningError `EXTENSION_KIND_UNKNOWN`, exit 2. */
export function parseKind(text: string): ExtensionKind {
  const kind = kinds.find((entry) => text === entry || text === kindFolder(entry));
  if (kind !== undefined) return kind;
  throw new ProvisioningError({
    code: 'EXTENSION_KIND_UNKNOWN',
    kind: 'usage',
    message: `Unknown extension type: ${text}`,
    hint: `Use one of ${kinds.join(', ')}.`,
  });
}
