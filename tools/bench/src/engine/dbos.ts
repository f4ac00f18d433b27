import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atOnce, stepsOfWorkflow } from './load.ts';

const program = `
import { createInterface } from 'node:readline';
import { DBOS } from '@dbos-inc/dbos-sdk';
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.argv[2], logLevel: 'error', runAdminServer: false });
const workflow = DBOS.registerWorkflow(async () => {
  for (let step = 0; step < ${stepsOfWorkflow}; step++) await DBOS.runStep(async () => undefined, { name: 'step-' + step });
}, { name: 'bench' });
await DBOS.launch();
console.log('READY');
for await (const line of createInterface({ input: process.stdin })) {
  const count = Number(line);
  let left = count;
  const began = performance.now();
  await Promise.all(Array.from({ length: ${atOnce} }, async () => {
    while (left-- > 0) await (await DBOS.startWorkflow(workflow)()).getResult();
  }));
  console.log('RATE ' + count * ${stepsOfWorkflow} / ((performance.now() - began) / 1000));
}
await DBOS.shutdown();
process.exit(0);
`;

export interface Dbos {
  /** Runs so many workflows. @returns steps a second */
  round(count: number): Promise<number>;
  stop(): Promise<void>;
}

/** DBOS with its defaults on a PostgreSQL, in a process of its own that waits between its rounds. */
export async function startDbos(peers: string, url: string): Promise<Dbos> {
  const script = join(peers, 'dbos-bench.mjs');
  writeFileSync(script, program);
  const child = spawn(process.execPath, [script, url], { cwd: peers, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (word: string): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`DBOS ended: ${errors.slice(-500)}`);
      if (value.startsWith(word)) return value.slice(word.length);
    }
  };
  await said('READY');
  return {
    async round(count) {
      child.stdin.write(`${count}\n`);
      return Number(await said('RATE '));
    },
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}
