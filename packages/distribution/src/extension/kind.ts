import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Kinds of extensions (rulings §2). */
export const packageKinds = ['provider', 'taskserv', 'cluster'] as const;
export type PackageKind = (typeof packageKinds)[number];

/** The folder name of a kind: `taskservs`. */
export function kindFolder(kind: PackageKind): string {
  return `${kind}s`;
}

/** A kind as people write it, singular or plural; `undefined` for anything else. */
export function readKind(text: string): PackageKind | undefined {
  return packageKinds.find((kind) => text === kind || text === kindFolder(kind));
}

/** @throws ProvisioningError `INVALID_TYPE`, exit 2. */
export function parsePackageKind(text: string): PackageKind {
  const kind = readKind(text);
  if (kind !== undefined) return kind;
  throw new ProvisioningError({
    code: 'INVALID_TYPE',
    kind: 'usage',
    message: `Invalid extension type: ${text}. Valid types: ${packageKinds.join(', ')}`,
  });
}
