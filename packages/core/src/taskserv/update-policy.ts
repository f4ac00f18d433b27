import { ProvisioningError, type TaskservManifest } from '@provisioning/extensions-sdk';
import semver from 'semver';

export interface UpdateRequest {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** The taskserv keeps data that a new major version reads differently. */
  readonly stateful: boolean;
  /** `--migrate`. */
  readonly migrate?: boolean;
}

/** What kind of step an update is. */
export type UpdateStep = 'none' | 'patch' | 'minor' | 'major';

/**
 * Whether an update may go ahead (07 §6.2.2–4).
 * @returns The kind of step; `none` when the version is there already.
 * @throws ProvisioningError `DOWNGRADE`, `MIGRATION_NEEDED`, `MINOR_SKIPPED`.
 */
export function judgeUpdate(request: UpdateRequest): UpdateStep {
  const { name, from, to } = request;
  const [old, next] = [coerce(from), coerce(to)];
  if (old === null || next === null) return from === to ? 'none' : 'minor';
  const order = semver.compare(next, old);
  if (order === 0) return 'none';
  if (order < 0) {
    throw new ProvisioningError({
      code: 'DOWNGRADE',
      kind: 'usage',
      message: `${name} ${from} is newer than ${to}`,
      hint: `Go back with: provisioning taskserv rollback ${name} --to ${to}`,
    });
  }
  if (name === 'kubernetes' && next.minor - old.minor > 1 && next.major === old.major) {
    throw new ProvisioningError({
      code: 'MINOR_SKIPPED',
      kind: 'usage',
      message: 'Kubernetes must be updated one minor version at a time',
      hint: `Update to ${old.major}.${old.minor + 1} first.`,
    });
  }
  if (next.major === old.major) return next.minor === old.minor ? 'patch' : 'minor';
  if (request.stateful && request.migrate !== true) {
    throw new ProvisioningError({
      code: 'MIGRATION_NEEDED',
      kind: 'usage',
      message: `Major version upgrade ${from} → ${to} needs --migrate`,
      hint: `See what it takes: provisioning taskserv check-migration ${name} --from ${from} --to ${to}`,
    });
  }
  return 'major';
}

/**
 * Whether taskservs may be updated side by side: none may depend on another, directly or through a capability.
 * @throws ProvisioningError `PARALLEL_DEPENDENCY`.
 */
export function judgeParallel(
  names: readonly string[],
  catalogue: ReadonlyMap<
    string,
    Pick<TaskservManifest, 'dependencies' | 'optional_dependencies' | 'provides'>
  >,
): void {
  for (const name of names) {
    const manifest = catalogue.get(name);
    const needs = Object.keys({ ...manifest?.dependencies, ...manifest?.optional_dependencies }).flatMap(
      (entry) => entry.split('|'),
    );
    const other = names.find(
      (one) =>
        one !== name &&
        (needs.includes(one) || catalogue.get(one)?.provides.some((what) => needs.includes(what))),
    );
    if (other === undefined) continue;
    throw new ProvisioningError({
      code: 'PARALLEL_DEPENDENCY',
      kind: 'usage',
      message: `Cannot update in parallel: ${name} depends on ${other}`,
      hint: 'Leave --parallel out: they are then updated in the order of their dependencies.',
    });
  }
}

function coerce(version: string): semver.SemVer | null {
  return semver.coerce(version);
}
