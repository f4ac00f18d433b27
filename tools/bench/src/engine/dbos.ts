import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atOnce, stepsOfWorkflow } from './load.ts';

const program = `
import { DBOS } from '@dbos-inc/dbos-sdk';
const [, , url, count, rounds] = process.argv;
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false });
const workflow = DBOS.registerWorkflow(async () => {
  for (let step = 0; step < ${stepsOfWorkflow}; step++) await DBOS.runStep(async () => undefined, { name: 'step-' + step });
}, { name: 'bench' });
await DBOS.launch();
for (let round = 0; round < Number(rounds) + 1; round++) {
  const began = performance.now();
  let left = Number(count);
  await Promise.all(Array.from({ length: ${atOnce} }, async () => {
    while (left-- > 0) await (await DBOS.startWorkflow(workflow)()).getResult();
  }));
  if (round > 0) console.log('RATE ' + Number(count) * ${stepsOfWorkflow} / ((performance.now() - began) / 1000));
}
await DBOS.shutdown();
process.exit(0);
`;

/** Steps a second of DBOS on a PostgreSQL, one value a round, after a round that does not count. */
export function measureDbos(peers: string, url: string, count: number, rounds: number): Promise<number[]> {
  const script = join(peers, 'dbos-bench.mjs');
  writeFileSync(script, program);
  const child = spawn(process.execPath, [script, url, String(count), String(rounds)], {
    cwd: peers,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const rates: number[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('RATE ')) rates.push(Number(line.slice(5)));
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      if (code === 0) resolve(rates);
      else reject(new Error(`DBOS ended with ${code}: ${errors.slice(-500)}`));
    });
  });
}
