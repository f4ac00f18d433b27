/** One thing that was checked. A skipped one says what was missing. */
export interface CaseResult {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

/** A suite is the default export of `suites/<name>.ts` or `suites/<name>/suite.ts`. */
export interface ConformanceSuite {
  readonly title: string;
  /** Installs what it needs, runs, stops what it started. @param say prints a line of progress. */
  run(say: (message: string) => void): Promise<{ readonly cases: readonly CaseResult[] }>;
}

export interface SuiteResult {
  readonly suite: string;
  readonly cases: readonly CaseResult[];
}
