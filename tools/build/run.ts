/** `npm run <target> [-- flags]`: every target of the build (11 §3). */
import { root } from './src/all.ts';
import { parseFlags, UsageError } from './src/targets/flags.ts';
import { targets } from './src/targets/table.ts';

const [name = 'help', ...rest] = process.argv.slice(2);
try {
  const target = targets[name];
  if (target === undefined) throw new UsageError(`Unknown target: ${name}`);
  const flags = parseFlags(rest, process.env);
  process.exitCode = await target.run({
    root: root.replace(/\/$/, ''),
    flags,
    environment: process.env,
    print: (line) => console.log(line),
    say: (line) => console.error(line),
  });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`error: ${message}`);
  const hint = (error as { hint?: unknown } | undefined)?.hint;
  if (typeof hint === 'string') console.error(`  -> ${hint}`);
  const code = (error as { exitCode?: unknown } | undefined)?.exitCode;
  process.exitCode = error instanceof UsageError ? 2 : typeof code === 'number' ? code : 1;
  if (error instanceof UsageError) console.error("  -> 'npm run help' lists the targets");
}
