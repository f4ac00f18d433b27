import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadInfrastructure, processSurroundings, renderedDefinition } from '@provisioning/core';
import { nickelCases, provideNickel } from './nickel.ts';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';

const run = promisify(execFile);
const tomlTest = 'github.com/toml-lang/toml-test/v2/cmd/toml-test@v2.2.0';
const examples = path.resolve(import.meta.dirname, '../../../../../examples/wuji');

/** The public toml-test cases against our TOML 1.0 parser; one case result for valid and one for invalid documents. */
async function toml(folder: string, say: (message: string) => void): Promise<CaseResult[]> {
  say('installing toml-test as a Go module');
  try {
    await run('go', ['install', tomlTest], { env: { ...process.env, GOBIN: folder } });
  } catch (error) {
    return [
      {
        name: 'toml-test',
        status: 'skipped',
        reason: `go install failed: ${(error as Error).message.split('\n')[0]}`,
      },
    ];
  }
  const decoder = `${process.execPath} ${path.join(import.meta.dirname, 'toml-decoder.ts')}`;
  const { stdout } = await run(
    path.join(folder, 'toml-test'),
    // Each case starts a process; a second is too short for one on a busy machine.
    ['test', '-toml', '1.0', '-timeout', '60s', '-color', 'never', `-decoder=${decoder}`],
    {
      maxBuffer: 1 << 26,
    },
  ).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return ['valid', 'invalid'].map((kind) => {
    const match = new RegExp(`^\\s*${kind} tests:\\s*(\\d+) passed,\\s*(\\d+) failed`, 'm').exec(stdout);
    const passed = match !== null && match[2] === '0' && Number(match[1]) > 0;
    return {
      name: `toml-test ${kind} (${match?.[1] ?? 0} passed)`,
      status: passed ? 'passed' : 'failed',
      ...(passed ? {} : { reason: stdout.slice(-2000) }),
    } as const;
  });
}

/** The reference infrastructure is the same JSON in all four languages (05.A2). */
async function languages(): Promise<CaseResult[]> {
  const surroundings = processSurroundings(import.meta.dirname);
  const rendered = new Map<string, string>();
  const results: CaseResult[] = [];
  for (const language of ['toml', 'yaml', 'typescript', 'nickel']) {
    const name = `05.A2 wuji in ${language}`;
    try {
      const workspacePath = path.join(examples, language);
      rendered.set(
        language,
        renderedDefinition(await loadInfrastructure({ workspacePath, infra: 'wuji', surroundings })),
      );
      const same = rendered.get(language) === rendered.get('toml');
      results.push({
        name,
        status: same ? 'passed' : 'failed',
        ...(same ? {} : { reason: 'differs from TOML' }),
      });
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const missing = code === 'NICKEL_NOT_FOUND';
      results.push({ name, status: missing ? 'skipped' : 'failed', reason: message });
    }
  }
  return results;
}

const suite: ConformanceSuite = {
  title: 'Definitions: toml-test, the reference infrastructure in four languages, and Nickel itself',
  async run(say) {
    const folder = await mkdtemp(path.join(tmpdir(), 'conformance-definitions-'));
    try {
      const missing = await provideNickel(say);
      const nickel: readonly CaseResult[] =
        missing === undefined
          ? await nickelCases(folder)
          : [{ name: 'Nickel', status: 'skipped', reason: missing }];
      return { cases: [...(await toml(folder, say)), ...(await languages()), ...nickel] };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
export default suite;
