import { main } from './main.ts';
import type { Catalogue } from './command-catalogue.ts';
import { Interruption } from './interruption.ts';
import { processRuntime } from './runtime.ts';

/** Runs this process's command line and ends the process with the result. */
export async function runProcess(argv: readonly string[], catalogue: Catalogue): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(outcomeOf(error));
    });
  }
  const interruption = new Interruption();
  interruption.listen(process);
  const code = await main(argv, catalogue, processRuntime(), interruption);
  await Promise.all([process.stdout, process.stderr].map(drained));
  // A write that failed reports itself only later; the exit must not come before it.
  const failure = process.stdout.errored as NodeJS.ErrnoException | null;
  process.exit(failure === null ? code : outcomeOf(failure));
}

/** Resolves when a stream has handed on all that was written: what waits in it would be lost with the process. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.errored !== null) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** A reader that went away is no failure (01 §5.4); output that cannot be written is. */
function outcomeOf(error: NodeJS.ErrnoException): number {
  if (error.code === 'EPIPE') return 0;
  const { writeSync } = process.getBuiltinModule('node:fs');
  const hint =
    error.code === 'ENOSPC' ? '\n  -> Make room where the output goes: provisioning explain disk full' : '';
  try {
    writeSync(2, `error: Cannot write the output: ${error.message}${hint}\n`);
  } catch {
    // Nothing is left to say it on.
  }
  return 1;
}
