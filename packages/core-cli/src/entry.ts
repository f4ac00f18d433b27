import { main } from './main.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { Interruption } from './interruption.ts';
import { processRuntime } from './runtime.ts';

/** Runs this process's command line and ends the process with the result. */
export async function runProcess(argv: readonly string[], catalogue: Catalogue): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  const interruption = new Interruption();
  interruption.listen(process);
  const code = await main(argv, catalogue, processRuntime(), interruption);
  process.exit(code);
}
