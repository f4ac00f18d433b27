import { join } from 'node:path';
import { makeFolder, userDirectories } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { type Library, libraryFunctions } from './library.ts';

/** The interactive shell: Node's own, with the library at hand and a history of its own. Ends with Ctrl-D or `.exit`. */
export async function runShell(command: ProvisioningCommand, library: Library): Promise<void> {
  const { start } = await import('node:repl');
  const { runtime, out } = command;
  const { data } = userDirectories(surroundingsOf(runtime));
  await makeFolder(data, 0o700);
  const { catalogue } = command.host;
  out.line(`Provisioning ${catalogue.version}, Node.js ${process.versions.node}. Ctrl-D ends.`);
  const longest = Math.max(...Object.keys(libraryFunctions).map(({ length }) => length));
  for (const [call, summary] of Object.entries(libraryFunctions))
    out.line(`  await ${call.padEnd(longest)}  ${out.style.dim(summary)}`);
  const shell = start({
    prompt: 'provisioning> ',
    input: runtime.stdin,
    output: runtime.stdout,
    terminal: runtime.stdout.isTTY === true,
    useColors: out.style.colour,
  });
  Object.assign(shell.context, library);
  await new Promise<void>((resolve) => {
    shell.setupHistory(join(data, 'shell-history'), () => undefined);
    shell.on('exit', resolve);
  });
}
