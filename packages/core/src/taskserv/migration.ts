import semver from 'semver';
import type { TaskservPackage } from './package.ts';

/** What an update to another version takes (07 §9.5). */
export interface VersionMigration {
  readonly taskserv: string;
  readonly from: string;
  readonly to: string;
  /** The data of the old version has to be carried over. */
  readonly required: boolean;
  /** Whether `taskserv update --migrate` can do it. */
  readonly supported: boolean;
  readonly reason?: string;
  readonly steps: readonly string[];
  readonly downtime: string;
  readonly recommended?: string;
}

/** Judges by the versions, and by what the package brings along. */
export function planMigration(
  { manifest, scripts }: Pick<TaskservPackage, 'manifest' | 'scripts'>,
  from: string,
  to: string,
): VersionMigration {
  const { name } = manifest;
  const stateful = manifest.data_directories.length > 0;
  const major = semver.coerce(from)?.major !== semver.coerce(to)?.major;
  const base = { taskserv: name, from, to };
  if (!stateful || !major) {
    return {
      ...base,
      required: false,
      supported: true,
      steps: [
        ...(stateful ? [`Back up ${name}`] : []),
        `Install ${name} ${to}`,
        'Restart the service',
        'Check its health',
      ],
      downtime: 'one restart of the service',
    };
  }
  const supported = scripts.has('migrate');
  return {
    ...base,
    required: true,
    supported,
    ...(supported ? {} : { reason: `${name} has no way to carry its data over by itself` }),
    steps: [
      `Dump all data of ${name} ${from}`,
      `Stop ${name} ${from}; its data directory stays`,
      `Install ${name} ${to} with a data directory of its own`,
      'Restore the dump',
      'Compare tables and rows, and start the service',
    ],
    downtime: 'from the stop to the end of the comparison; it grows with the data',
    recommended: 'Use a server that follows this one for an upgrade without downtime',
  };
}
