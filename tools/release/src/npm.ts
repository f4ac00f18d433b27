import { execFile } from 'node:child_process';

/** Runs npm and returns what it printed. @throws Error with the lines npm calls errors. */
export function npm(
  words: readonly string[],
  options: { readonly cwd?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.environment };
    execFile('npm', [...words], { cwd: options.cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else {
        const lines = stderr.split('\n').filter((line) => /^npm (?:error|ERR!)/.test(line));
        reject(
          new Error(`npm ${words.slice(0, 2).join(' ')}: ${lines.slice(0, 6).join('\n') || error.message}`),
        );
      }
    });
  });
}
