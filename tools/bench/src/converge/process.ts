import { spawn } from 'node:child_process';

/** Runs a program to its end. @throws with what it said when it fails. */
export function execute(
  program: string,
  words: readonly string[],
  options: {
    readonly input?: string;
    readonly environment?: NodeJS.ProcessEnv;
    readonly folder?: string;
  } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: options.folder,
      env: options.environment ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said.join(''));
      else
        reject(new Error(`${program} ${words.join(' ')} ended with ${code}\n${said.join('').slice(-4000)}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** OpenSSH's options for a host of the fleet; nothing of the user's own configuration. */
export function sshOptions(access: { readonly port: number; readonly keyFile?: string }): string[] {
  return [
    ...['-F', 'none', '-p', String(access.port), '-i', access.keyFile ?? ''],
    ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=no'],
    ...['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ];
}
