import type { DesiredTaskserv } from './desired.ts';
import { expectedFacts } from './facts.ts';

/** How a taskserv stands on a host. */
export interface TaskservObservation {
  readonly name: string;
  /** `absent`: never installed here; `drifted`: installed, but not as it should be. */
  readonly state: 'satisfied' | 'absent' | 'drifted';
  /** Version of the software on the host, as its package reports it. */
  readonly version?: string;
  /** What differs, in words; empty when satisfied. */
  readonly reasons: readonly string[];
  /** True when the definition is the one installed last, so that the host was changed from outside. */
  readonly drift: boolean;
}

/** Compares what a host told with what a taskserv wants. */
export function compareFacts(desired: DesiredTaskserv, facts: ReadonlySet<string>): TaskservObservation {
  const missing = expectedFacts(desired).filter((line) => !facts.has(line));
  const version = installedVersion(desired, facts);
  const known = { name: desired.name, ...(version === undefined ? {} : { version }) };
  if (missing.length === 0) return { ...known, state: 'satisfied', reasons: [], drift: false };
  const index = new FactIndex(facts);
  const record = index.value(`record\t${desired.name}`);
  if (record === undefined) {
    return { ...known, state: 'absent', reasons: [`${desired.name} is not installed`], drift: false };
  }
  const drift = record === `${desired.version} ${desired.digest}`;
  const reasons = differences(desired, facts);
  if (!drift) reasons.push(definitionReason(desired, record));
  return { ...known, state: 'drifted', reasons, drift };
}

/** What lacks, in words, whether or not the taskserv was ever installed. */
export function differences(desired: DesiredTaskserv, facts: ReadonlySet<string>): string[] {
  const index = new FactIndex(facts);
  const missing = expectedFacts(desired).filter((line) => !facts.has(line));
  // A service that is down tells nothing about what it holds.
  const silent = missing.some((line) => line.startsWith('unit\t')) && !index.has(`fact\t${desired.name}\t`);
  const telling = silent ? missing.filter((line) => !line.startsWith('fact\t')) : missing;
  return [...new Set(telling.flatMap((line) => reason(line, index, desired)))];
}

function definitionReason(desired: DesiredTaskserv, record: string): string {
  const [before = ''] = record.split(' ');
  return before === desired.version
    ? `the definition of ${desired.name} changed`
    : `version ${before} is installed, ${desired.version} is wanted`;
}

/** Version of the first package, without Debian's epoch and revision; else the version recorded. */
function installedVersion(desired: DesiredTaskserv, facts: ReadonlySet<string>): string | undefined {
  const [first] = desired.packages;
  const index = new FactIndex(facts);
  const raw =
    first === undefined || desired.keepPackages ? undefined : index.value(`info\tversion\t${first}`);
  if (raw !== undefined && raw !== '') return upstreamVersion(raw);
  return index.value(`record\t${desired.name}`)?.split(' ')[0];
}

/** `5:7.0.15-1~deb12u3` → `7.0.15` (deb-version(7)). */
export function upstreamVersion(version: string): string {
  return version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~](ds|dfsg|really|deb).*$/, '');
}

/** Facts by what they are about. */
class FactIndex {
  readonly #values = new Map<string, string>();

  constructor(facts: ReadonlySet<string>) {
    for (const line of facts) {
      const hash = /^([0-9a-f]{64}) {2}(.*)$/.exec(line);
      if (hash !== null) this.#values.set(`file\t${hash[2]}`, hash[1]!);
      const cut = line.lastIndexOf('\t');
      if (cut > 0) this.#values.set(line.slice(0, cut), line.slice(cut + 1));
    }
  }

  has(prefix: string): boolean {
    return [...this.#values.keys()].some((key) => key.startsWith(prefix));
  }

  value(subject: string): string | undefined {
    return this.#values.get(subject);
  }
}

function reason(line: string, index: FactIndex, desired: DesiredTaskserv): string[] {
  const hash = /^[0-9a-f]{64} {2}(.*)$/.exec(line);
  if (hash !== null) {
    const known = index.value(`file\t${hash[1]}`) !== undefined;
    return [`file ${hash[1]} ${known ? 'differs' : 'is missing'}`];
  }
  const [kind, subject = '', value = '', rest = ''] = line.split('\t');
  switch (kind) {
    case 'package':
      return [`package ${subject} is not installed`];
    case 'user':
      return [`user ${subject} does not exist`];
    case 'unit': {
      const [active = 'inactive', enabled = 'disabled'] = unitState(subject, index);
      return [
        ...(active === 'active' ? [] : [`service ${subject} is not running`]),
        ...(enabled === 'enabled' ? [] : [`service ${subject} does not start at boot`]),
      ];
    }
    case 'mode': {
      const found = index.value(`mode\t${subject}`);
      if (found !== undefined) return [`${subject} has permissions ${found}, not ${value}`];
      return desired.files.some(({ path }) => path === subject) ? [] : [`directory ${subject} is missing`];
    }
    case 'asset':
      return [`${subject} is not installed`];
    case 'fact': {
      const found = index.value(`fact\t${subject}\t${value}`);
      return [found === undefined ? `${value} is missing` : `${value} is ${found}, not ${rest}`];
    }
    default:
      return [];
  }
}

function unitState(name: string, index: FactIndex): [string?, string?] {
  for (const active of ['active', 'activating', 'reloading', 'deactivating', 'inactive', 'failed']) {
    const enabled = index.value(`unit\t${name}\t${active}`);
    if (enabled !== undefined) return [active, enabled];
  }
  return [];
}
