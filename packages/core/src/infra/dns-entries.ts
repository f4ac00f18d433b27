import { DnsEntry, applyDefaults } from '@provisioning/extensions-sdk';
import { Value } from 'typebox/value';
import type { Data } from '../config/document.ts';
import type { ReportAt } from './network.ts';
import type { ServerEntry } from './servers.ts';

/** Takes the entries with `kind = "dns"` out of the servers (06 §3). */
export function takeDnsEntries(entries: ServerEntry[]): Data[] {
  const records: Data[] = [];
  for (let index = 0; index < entries.length;) {
    const { kind, enabled, ...value } = entries[index]!.value;
    if (kind !== 'dns') {
      index += 1;
      continue;
    }
    entries.splice(index, 1);
    if (enabled !== false) records.push(value);
  }
  return records;
}

/** Records with their defaults. Findings name the record: a target is a server, and there is a value or a target. */
export function completeDns(
  records: readonly Data[],
  hostnames: ReadonlySet<string>,
  provider: string,
  report: ReportAt,
): DnsEntry[] {
  return records.map((record, index) => {
    const entry: Data = { provider, ...record };
    applyDefaults(DnsEntry, entry);
    const name = `DNS entry '${String(entry['hostname'] ?? index + 1)}'`;
    for (const { instancePath, message } of Value.Errors(DnsEntry, entry)) {
      report(['dns', index], `${name}: ${instancePath.slice(1) || 'it'} ${message}`, 'INVALID_DNS_ENTRY');
    }
    const { target, value } = entry as DnsEntry;
    if (target === undefined && value === undefined)
      report(['dns', index], `${name} needs a value, or a server as its target`, 'INVALID_DNS_ENTRY');
    if (target === undefined || hostnames.has(target)) return entry as DnsEntry;
    // An address or a full name is what the record is to hold.
    if (/[.:]/.test(target)) {
      const { target: literal, ...rest } = entry;
      return { value: literal, ...rest } as unknown as DnsEntry;
    }
    report(['dns', index], `${name} points at server '${target}', which is not defined`, 'UNKNOWN_SERVER');
    return entry as DnsEntry;
  });
}
