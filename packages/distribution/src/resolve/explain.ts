import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Demand, Domain } from './domain.ts';
import { type PackageKey, shortName } from './universe.ts';

/** Versions listed in a hint. */
const shownVersions = 8;

/**
 * Who wants what of a package that no version satisfies (09 §10.6).
 * @param more a demand that is not in the domain, such as an optional one.
 */
export function versionConflict(
  domain: Domain,
  chosen: ReadonlyMap<PackageKey, string>,
  more?: Demand,
): ProvisioningError {
  const name = shortName(domain.package.key);
  const demands = more === undefined ? domain.demands : [...domain.demands, more];
  const lines = new Set(
    demands.map(({ from, fromVersion, range }) =>
      from === undefined
        ? `  the workspace requires ${range}`
        : `  ${shortName(from)} ${fromVersion} requires ${range}`,
    ),
  );
  const current = chosen.get(domain.package.key);
  if (current !== undefined && lines.size === 1) lines.add(`  ${name} ${current} is chosen already`);
  const known = domain.package.versions.slice(0, shownVersions).join(', ');
  const rest = domain.package.versions.length > shownVersions ? ', …' : '';
  return new ProvisioningError({
    code: 'VERSION_CONFLICT',
    kind: 'conflict',
    message: `Version conflict for ${name}:\n${[...lines].join('\n')}`,
    hint: known === '' ? `no version of ${name} is published` : `published versions: ${known}${rest}`,
    details: { package: domain.package.key, demands },
  });
}

/** Two packages that exclude each other (09 §10.6). */
export function conflictError(
  key: PackageKey,
  version: string,
  other: PackageKey,
  otherVersion: string | undefined,
): ProvisioningError {
  const second = otherVersion === undefined ? shortName(other) : `${shortName(other)} ${otherVersion}`;
  return new ProvisioningError({
    code: 'EXTENSION_CONFLICT',
    kind: 'conflict',
    message: `Conflict: ${shortName(key)} ${version} cannot be installed with ${second}`,
    hint: 'remove one of them from the modules, or choose another version',
  });
}

/** A version that does not fit the running product. */
export function incompatibleError(key: PackageKey, version: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INCOMPATIBLE_EXTENSION',
    kind: 'conflict',
    message: `${shortName(key)} ${version} ${reason}`,
    hint: 'update provisioning, or choose another version of the extension',
  });
}
