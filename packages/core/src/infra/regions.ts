import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import type { ReportAt } from './network.ts';

/**
 * Regions of an infrastructure (05 §5.4): servers exist, each in at most one region, replication names are regions.
 * `zones` are those of the provider when they are known.
 */
export function checkRegions(
  regions: Data,
  hostnames: ReadonlySet<string>,
  report: ReportAt,
  zones?: ReadonlySet<string>,
): void {
  const names = Object.keys(regions).filter((key) => key !== 'replication' && isRecord(regions[key]));
  const placed = new Map<string, string>();
  for (const region of names) {
    const { servers, availability_zones: available } = regions[region] as Data;
    listOf(servers).forEach((server, index) => {
      const at = [region, 'servers', index];
      if (!hostnames.has(server)) report(at, `Unknown server: ${server}`, 'UNKNOWN_SERVER');
      const other = placed.get(server);
      if (other !== undefined && other !== region) {
        report(at, `Server '${server}' is in two regions: ${other} and ${region}`, 'SERVER_IN_TWO_REGIONS');
      }
      placed.set(server, region);
    });
    if (zones === undefined) continue;
    listOf(available).forEach((zone, index) => {
      if (!zones.has(zone))
        report([region, 'availability_zones', index], `Invalid zone: ${zone}`, 'INVALID_ZONE');
    });
  }
  checkReplication(regions['replication'], regionNames(regions, names), report);
}

/** A region may be named by its key or by its `name`. */
function regionNames(regions: Data, keys: readonly string[]): Set<string> {
  const named = keys.map((key) => (regions[key] as Data)['name']).filter((name) => typeof name === 'string');
  return new Set([...keys, ...named]);
}

function checkReplication(replication: unknown, names: ReadonlySet<string>, report: ReportAt): void {
  if (!isRecord(replication) || !isRecord(replication['database'])) return;
  const { primary, replicas, sync_mode: mode } = replication['database'];
  const unknown = (at: readonly (string | number)[], name: string): void => {
    if (!names.has(name))
      report(['replication', 'database', ...at], `Unknown region: ${name}`, 'UNKNOWN_REGION');
  };
  if (typeof primary === 'string') unknown(['primary'], primary);
  listOf(replicas).forEach((name, index) => {
    unknown(['replicas', index], name);
  });
  if (mode !== undefined && mode !== 'async' && mode !== 'sync') {
    report(
      ['replication', 'database', 'sync_mode'],
      'Field sync_mode must be one of: async, sync',
      'INVALID_ENUM',
    );
  }
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
