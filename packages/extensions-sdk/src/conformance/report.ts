/** One thing that was looked at. */
export interface ConformanceCheck {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly message?: string;
}

export interface ConformanceGroup {
  readonly name: string;
  readonly checks: readonly ConformanceCheck[];
}

export interface ConformanceReport {
  readonly kind: 'provider' | 'taskserv' | 'cluster';
  /** Name of the extension. */
  readonly name: string;
  readonly passed: boolean;
  readonly groups: readonly ConformanceGroup[];
}

/** Collects the checks of one group; a failing check never stops the others. */
export class GroupRecorder {
  readonly checks: ConformanceCheck[] = [];

  async check(name: string, work: () => void | Promise<void>): Promise<boolean> {
    try {
      await work();
      this.checks.push({ name, result: 'passed' });
      return true;
    } catch (error) {
      this.checks.push({
        name,
        result: 'failed',
        message: error instanceof Error ? error.message : String(error),
      });
      return false;
    }
  }

  skip(name: string, message: string): void {
    this.checks.push({ name, result: 'skipped', message });
  }
}

/** The groups of a report in the making. */
export class ReportBuilder {
  readonly #groups: ConformanceGroup[] = [];

  async group<T>(name: string, work: (recorder: GroupRecorder) => Promise<T>): Promise<T> {
    const recorder = new GroupRecorder();
    const result = await work(recorder);
    this.#groups.push({ name, checks: recorder.checks });
    return result;
  }

  report(kind: ConformanceReport['kind'], name: string): ConformanceReport {
    const passed = this.#groups.every(({ checks }) => checks.every(({ result }) => result !== 'failed'));
    return { kind, name, passed, groups: this.#groups };
  }
}

/** @throws Error with `message` unless `condition` holds. */
export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The report for people: a line a check, failures with their reason. */
export function formatReport(report: ConformanceReport): string {
  const kind = report.kind.charAt(0).toUpperCase() + report.kind.slice(1);
  const lines = [`${kind} ${report.name}: ${report.passed ? 'conforms' : 'does not conform'}`];
  for (const group of report.groups) {
    lines.push(`  ${group.name}`);
    for (const { name, result, message } of group.checks) {
      const mark = result === 'passed' ? 'ok' : result;
      lines.push(`    ${mark.padEnd(7)} ${name}${message === undefined ? '' : `: ${message}`}`);
    }
  }
  return lines.join('\n');
}
