import { watch } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { boolean, string } from '@oclif/core/flags';
import { parseTestTypes, runExtensionTests, type TestReport } from '@provisioning/core';
import { parseDuration } from '../argv/duration.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Style } from '../output/style.ts';

/** Options of the commands that run the tests of extensions. */
export const testFlags = {
  'test-type': string({
    description: 'all, or unit, integration, e2e, performance, security',
    aliases: ['test-types'],
    default: 'all',
  }),
  target: string({
    description: 'where integration and e2e tests run; they read it as PROVISIONING_TEST_TARGET',
    default: 'local',
  }),
  parallel: boolean({
    description: 'types and files side by side; performance tests run alone',
    allowNo: true,
    default: true,
  }),
  duration: string({ description: 'how long performance tests are repeated: 30s, 5m' }),
};

export interface TestChoices {
  readonly 'test-type': string;
  readonly target: string;
  readonly parallel: boolean;
  readonly duration?: string;
}

/** Runs the tests in the folder of an extension. */
export function testExtension(
  command: ProvisioningCommand,
  path: string,
  choices: TestChoices,
): Promise<TestReport> {
  const { duration, target, parallel } = choices;
  command.out.progress(`Running tests for ${path}...`);
  return runExtensionTests({
    path,
    types: parseTestTypes(choices['test-type']),
    target,
    parallel,
    ...(duration === undefined ? {} : { duration: parseDuration(duration, '--duration') }),
    environment: command.runtime.environment,
    onLine: (line) => {
      if (command.globals.verbose) command.out.progress(line);
    },
    now: () => command.runtime.now(),
  });
}

/** A report as lines. */
export function reportLines({ test_results: results, summary }: TestReport, style: Style): string[] {
  return [
    ...results.map(({ test_type: type, status, passed, failed, duration, error }) =>
      status === 'skipped'
        ? `${style.mark('inactive')} ${type}: no tests`
        : `${style.mark(status === 'passed' ? 'ok' : 'error')} ${type}: ${passed} passed, ${failed} failed (${duration} ms)${error === undefined ? '' : `\n    ${error.replaceAll('\n', '\n    ')}`}`,
    ),
    `Total: ${summary.total}, passed ${summary.passed}, failed ${summary.failed}`,
  ];
}

/** Milliseconds of silence after which files count as written. */
const settled = 200;

/** Does it again after every change in a folder, until Ctrl-C. */
export async function afterEveryChange(
  command: ProvisioningCommand,
  folder: string,
  again: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const release = command.host.interruption.onInterrupt(() => stop.abort());
  command.out.progress(`Watching ${folder}; Ctrl-C ends it`);
  try {
    for (;;) {
      await nextChange(folder, stop.signal);
      await delay(settled, undefined, { signal: stop.signal });
      await again();
    }
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown;
  } finally {
    release();
  }
}

async function nextChange(folder: string, signal: AbortSignal): Promise<void> {
  for await (const { filename } of watch(folder, { recursive: true, signal }))
    if (filename === null || !/(^|[/\\])(node_modules|\.)/.test(filename)) return;
}
