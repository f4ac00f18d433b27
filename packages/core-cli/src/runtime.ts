import type { Readable, Writable } from 'node:stream';

/**
 * The edges of the program: everything a command may learn from the process it runs in. Commands get it passed in, so
 * that tests can run them against any terminal, environment and clock.
 */
export interface Runtime {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly platform: NodeJS.Platform;
  now(): number;
}

/** The runtime of this process. */
export function processRuntime(): Runtime {
  return {
    environment: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    platform: process.platform,
    now: () => Date.now(),
  };
}
