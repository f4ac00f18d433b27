import { spawn } from 'node:child_process';
import { getPreference } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** `--editor`, `$VISUAL`, `$EDITOR`, the preference `editor`, `vi` (03 §3). */
export async function chooseEditor(command: ProvisioningCommand, given?: string): Promise<string> {
  const { environment } = command.runtime;
  const preferred = await getPreference(surroundingsOf(command.runtime), 'editor');
  for (const editor of [given, environment['VISUAL'], environment['EDITOR'], preferred])
    if (typeof editor === 'string' && editor.trim() !== '') return editor;
  return 'vi';
}

/**
 * Opens a file in an editor and waits for it. An interruption ends the editor too: SIGTERM, after 5 s SIGKILL.
 * @throws ProvisioningError `EDITOR_FAILED` (exit 1) when the editor says that it failed, `TOOL_NOT_FOUND`
 */
export async function runEditor(command: ProvisioningCommand, editor: string, file: string): Promise<void> {
  const { environment, cwd, platform } = command.runtime;
  const words = platform === 'win32' ? [`${editor} "${file}"`] : ['-c', `${editor} "$1"`, 'sh', file];
  const child = spawn(platform === 'win32' ? 'cmd' : 'sh', platform === 'win32' ? ['/c', ...words] : words, {
    stdio: 'inherit',
    cwd,
    env: environment as NodeJS.ProcessEnv,
  });
  const end = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  };
  command.signal.addEventListener('abort', end, { once: true });
  const code = await new Promise<number | null>((resolve) => {
    // Without a shell there is no editor either.
    child.once('error', () => resolve(127));
    child.once('close', resolve);
  }).finally(() => command.signal.removeEventListener('abort', end));
  command.signal.throwIfAborted();
  if (code === 0) return;
  if (code === 127) {
    throw new ProvisioningError({
      code: 'TOOL_NOT_FOUND',
      message: `Required tool not found: ${editor}`,
      hint: 'Choose another editor: provisioning workspace set-preference editor <command>',
    });
  }
  throw new ProvisioningError({
    code: 'EDITOR_FAILED',
    message: `The editor ended with ${code ?? 'a signal'}: ${editor}`,
    hint: 'Nothing was written.',
  });
}
