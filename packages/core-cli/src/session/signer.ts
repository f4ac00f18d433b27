import type { SignerLookup, Surroundings } from '@provisioning/core';

/** Who signed an extension, by the keys the configuration trusts. Nothing is loaded until somebody asks. */
export function signerLookup(
  surroundings: Surroundings,
  configuration: { get(path: string): unknown },
): SignerLookup {
  let lookup: Promise<SignerLookup> | undefined;
  return async (folder) => {
    lookup ??= import('@provisioning/distribution').then((distribution) =>
      distribution.signerLookup(surroundings, configuration),
    );
    return (await lookup)(folder);
  };
}
