import { optionalProviders } from './optional-providers.ts';
import type { ExtensionKind } from './kinds.ts';
import type { ExtensionRecord } from './record.ts';

/** Names that belong to the product although nothing of that name may be installed. */
export function reservedNames(kind: ExtensionKind): readonly string[] {
  return kind === 'provider' ? Object.keys(optionalProviders) : [];
}

/** What is said of a package that npm put there under a name of the product. */
export function outrankedWarning({ type, name, path, layer }: ExtensionRecord): string {
  const source = layer === 'workspace' ? 'local' : 'installed';
  return (
    `The npm package in ${path} calls itself ${type} '${name}', which is a name of the product; it is not used. ` +
    `If you trust it, load it: provisioning module load ${type} . ${name} --source ${source}`
  );
}
