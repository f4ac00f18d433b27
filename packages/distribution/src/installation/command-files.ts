import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What Windows starts instead of a start script of `bin`: the same program with the installation's own Node.js.
 * @param script text of the start script.
 * @returns nothing for a script that starts no program of the installation.
 */
export function commandFile(script: string): string | undefined {
  const program = /^exec "\$node" "\$lib\/([^"]+)" "\$@"$/m.exec(script)?.[1];
  if (program === undefined) return undefined;
  const path = program.replaceAll('/', '\\');
  const lines = [
    '@echo off',
    'setlocal',
    String.raw`set "lib=%~dp0..\lib\provisioning"`,
    String.raw`set "node=%lib%\node\bin\node.exe"`,
    'if not exist "%node%" set "node=node"',
    `"%node%" "%lib%\\${path}" %*`,
    'exit /b %ERRORLEVEL%',
    '',
  ];
  return lines.join('\r\n');
}

/** Writes one beside every start script of a tree. @returns their paths from the tree. */
export async function writeCommandFiles(tree: string): Promise<readonly string[]> {
  const written: string[] = [];
  for (const name of await readdir(join(tree, 'bin')).catch(() => [])) {
    const text = commandFile(await readFile(join(tree, 'bin', name), 'utf8'));
    if (text === undefined) continue;
    await writeFile(join(tree, 'bin', `${name}.cmd`), text);
    written.push(`bin/${name}.cmd`);
  }
  return written;
}

/** How a start script is run: Windows leaves command files to its shell. */
export function programCommand(
  script: string,
  words: readonly string[],
  platform: string = process.platform,
): readonly [string, readonly string[]] {
  if (platform !== 'win32') return [script, words];
  return ['cmd.exe', ['/d', '/s', '/c', `${script}.cmd`, ...words]];
}
