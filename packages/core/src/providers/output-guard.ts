import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Standard output belongs to the result of a command. What an extension prints, through `console` or directly, goes to
 * standard error instead, also from whatever it starts later.
 */
const extension = new AsyncLocalStorage<true>();
let guarded = false;

function guardOutput(): void {
  if (guarded) return;
  guarded = true;
  const write = process.stdout.write.bind(process.stdout) as typeof process.stdout.write;
  const aside = process.stderr.write.bind(process.stderr) as typeof process.stderr.write;
  process.stdout.write = ((...args: Parameters<typeof process.stdout.write>) =>
    extension.getStore() === true ? aside(...args) : write(...args)) as typeof process.stdout.write;
}

/** Runs code of an extension. */
export function inside<T>(work: () => T): T {
  guardOutput();
  return extension.run(true, work);
}

/** Runs code of ours that an extension calls back. */
export function outside<T>(work: () => T): T {
  return extension.exit(work);
}
