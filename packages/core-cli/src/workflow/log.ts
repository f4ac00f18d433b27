import { boolean, integer, string } from '@oclif/core/flags';
import type { LogOptions } from '@provisioning/client';
import type { ProvisioningCommand } from '../frame/command.ts';
import { connect } from '../orchestrator/session.ts';
import { newestWorkflow } from './watching.ts';

/** Options of every command that shows a log of the orchestrator. */
export const logFlags = {
  follow: boolean({ char: 'f', description: 'go on with new lines, until the end or Ctrl-C' }),
  tail: integer({ description: 'lines from the end', min: 1 }),
  level: string({ description: 'lowest level shown', options: ['debug', 'info', 'warn', 'error'] }),
};

/** The log of a workflow or task; without an id of the newest. */
export async function showWorkflowLog(
  command: ProvisioningCommand,
  given: string | undefined,
  { follow, tail, level, operation }: LogOptions & { readonly follow: boolean },
): Promise<void> {
  const { out, runtime } = command;
  const { client } = await connect(command);
  const id = await newestWorkflow(client, given);
  const options = { tail, level, operation };
  if (!follow) {
    const lines = linesOf(await client.logs(id, { ...options, signal: command.signal }));
    await out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
    return;
  }
  const stop = new AbortController();
  const release = command.host.interruption.onInterrupt(() => stop.abort());
  const show = (text: string): void => {
    for (const line of linesOf(text)) runtime.stdout.write(`${out.machine ? JSON.stringify(line) : line}\n`);
  };
  let rest = '';
  try {
    await client.followLogs(
      id,
      (piece) => {
        const end = (rest + piece).lastIndexOf('\n') + 1;
        show((rest + piece).slice(0, end));
        rest = (rest + piece).slice(end);
      },
      { ...options, signal: stop.signal },
    );
    show(rest);
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown;
  } finally {
    release();
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
