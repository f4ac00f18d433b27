import { ProvisioningError, scanSeverities } from '@provisioning/extensions-sdk';
import type { GateEvents } from '../signing/policy.ts';
import type { ScanReport, Severity } from './harbor.ts';

/** `oci.scan` (09 §8). */
export interface ScanSettings {
  /** Findings of this severity and above refuse an artifact; without it reports are not asked for. */
  readonly threshold?: Severity;
  /** Whether an artifact without a report is refused. */
  readonly required: boolean;
}

/** Decides by scan reports whether an artifact may be used. Each artifact is asked for once in a run. */
export class ScanGate {
  readonly #settings: ScanSettings;
  readonly #events: GateEvents;
  readonly #results = new Map<string, Promise<void>>();

  constructor(settings: ScanSettings, events: GateEvents = {}) {
    this.#settings = settings;
    this.#events = events;
  }

  /**
   * Lets an artifact pass or refuses it.
   * @param report what the registry knows, `undefined` when it offers no report.
   * @throws ProvisioningError `ARTIFACT_VULNERABLE`, `ARTIFACT_NOT_SCANNED`, exit 4.
   */
  check(reference: string, digest: string, report: () => Promise<ScanReport | undefined>): Promise<void> {
    const { threshold } = this.#settings;
    if (threshold === undefined) return Promise.resolve();
    const id = `${digest} ${reference}`;
    let result = this.#results.get(id);
    if (result === undefined) {
      result = report().then((found) => this.#judge(reference, digest, found, threshold));
      this.#results.set(id, result);
    }
    return result;
  }

  #judge(reference: string, digest: string, report: ScanReport | undefined, threshold: Severity): void {
    const refuse = (reason: string, code: string, message: string, hint: string): never => {
      this.#events.audit?.({ action: 'refused', reference, digest, reason });
      throw new ProvisioningError({ code, kind: 'permission', message, hint });
    };
    if (report === undefined) {
      if (!this.#settings.required) return this.#events.warn?.(`${reference}: not scanned`);
      return refuse(
        'not scanned',
        'ARTIFACT_NOT_SCANNED',
        `Artifact ${reference} is not scanned`,
        'scan it in the registry, and see that your account may read the report (oci.scan.required)',
      );
    }
    const found = tooMany(report, threshold);
    if (found === undefined) return;
    refuse(
      `${found} vulnerabilities`,
      'ARTIFACT_VULNERABLE',
      `Artifact ${reference} has ${found} vulnerabilities`,
      `choose a version without them; the limit is oci.scan.threshold (${threshold})`,
    );
  }
}

/** `2 critical`, or `2 critical, 1 high`: what is at or above the threshold; `undefined` when nothing is. */
function tooMany({ counts, worst }: ScanReport, threshold: Severity): string | undefined {
  const levels = scanSeverities.slice(scanSeverities.indexOf(threshold)).reverse();
  const found = levels.filter((level) => counts[level] > 0);
  if (found.length > 0) return found.map((level) => `${counts[level]} ${level}`).join(', ');
  return worst !== undefined && levels.includes(worst) ? worst : undefined;
}
