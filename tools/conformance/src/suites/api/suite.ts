import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { installPython, python } from './python.ts';
import { type RunningService, startProgram } from './service.ts';
import { socketCases } from './sockets.ts';
import { freePort } from '../../../../testing/free-port.ts';

/** Requests made up for each operation of the description. */
const examples = process.env['API_EXAMPLES'] ?? '25';
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

const suite: ConformanceSuite = {
  title: 'the orchestrator against its own description, and 200 listeners',
  async run(say) {
    const cases: CaseResult[] = [];
    const missing = installPython(say);
    if (missing === undefined) {
      await using service = await startProgram(await freePort(), false);
      cases.push(await fuzz(service, say), metrics(await (await fetch(`${service.url}/metrics`)).text()));
    } else cases.push({ name: 'schemathesis', status: 'skipped', reason: missing });
    await using service = await startProgram(await freePort(), true);
    cases.push(...(await socketCases(service, say)));
    return { cases };
  },
};
export default suite;

async function fuzz({ url }: RunningService, say: (message: string) => void): Promise<CaseResult> {
  const args = [
    ...['run', `${url}/api/v1/openapi.json`, '--url', url],
    ...['--checks', checks.join(','), '--max-examples', examples, '--seed', '1'],
    ...['--phases', 'examples,coverage,fuzzing', '--workers', '1', '--request-timeout', '30'],
    ...['--suppress-health-check', 'all', '--continue-on-failure', '--no-color'],
  ];
  const folder = mkdtempSync(join(tmpdir(), 'conformance-fuzz-'));
  const child = spawn(join(python, 'bin', 'schemathesis'), args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  rmSync(folder, { recursive: true, force: true });
  const name = 'schemathesis finds no server error and no answer beside the description';
  say(output.trim().split('\n').slice(-12).join('\n   '));
  if (code === 0) return { name, status: 'passed' };
  say(output);
  return { name, status: 'failed', reason: `schemathesis ended with ${code}` };
}

/** The metrics in the eyes of Prometheus's own parser. */
function metrics(text: string): CaseResult {
  const name = 'the metrics parse with the parser of prometheus_client';
  const script =
    'import sys\nfrom prometheus_client.parser import text_string_to_metric_families as parse\nassert sum(1 for _ in parse(sys.stdin.read())) > 10';
  const { status, stderr } = spawnSync(join(python, 'bin', 'python'), ['-c', script], {
    input: text,
    encoding: 'utf8',
  });
  return status === 0 ? { name, status: 'passed' } : { name, status: 'failed', reason: stderr.trim() };
}
