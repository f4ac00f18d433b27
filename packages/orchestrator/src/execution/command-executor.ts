import { spawn } from 'node:child_process';
import { type Progress, ProvisioningError } from '@provisioning/extensions-sdk';
import { findings } from '@provisioning/service-kit';
import { type Static, Type } from 'typebox';
import type { PlannedOperation, WorkflowPlan } from '../engine/plan.ts';
import { taskId } from '../engine/identifiers.ts';
import type { Execution, Executor } from './executor.ts';
import type { TaskTokens } from './task-tokens.ts';

const Invocation = Type.Object({
  command: Type.String({ minLength: 1 }),
  args: Type.Optional(Type.Array(Type.String())),
});
/** Input of the operation type `command` (12 §3). */
export const CommandInput = Type.Object({
  ...Invocation.properties,
  env: Type.Optional(Type.Record(Type.String(), Type.String())),
  cwd: Type.Optional(Type.String()),
  undo: Type.Optional(Invocation),
});
export type CommandInput = Static<typeof CommandInput>;

export interface CommandExecutorOptions {
  /** Whether commands may run at all (`executor.allow_commands`). */
  readonly allowed: boolean;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** Where the child reaches the orchestrator. */
  readonly endpoint: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Lets the child tell of its progress over the API; absent where there is no API to tell (workers). */
  readonly tokens?: TaskTokens;
}

/** Variables of the service that a command may see; no credentials. */
const inherited = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'SHELL'];
const errorLines = 20;

/** Runs operations of type `command`, each in a process of its own (12 §5). */
export class CommandExecutor implements Executor {
  readonly #options: CommandExecutorOptions;

  constructor(options: CommandExecutorOptions) {
    this.#options = options;
  }

  supports(type: string): boolean {
    return type === 'command';
  }

  canUndo(type: string, input?: unknown): boolean {
    return type === 'command' && (input as CommandInput | undefined)?.undo !== undefined;
  }

  validate(operation: PlannedOperation): readonly string[] {
    if (!this.#options.allowed) return ['commands are not allowed here (executor.allow_commands)'];
    return findings(CommandInput, operation.input).map(({ path, message }) => `${path || '/'} ${message}`);
  }

  async plan({ operation }: Execution) {
    const { command, args = [] } = operation.input as CommandInput;
    return [
      {
        action: 'update' as const,
        kind: 'server' as const,
        name: operation.name,
        reasons: [[command, ...args].join(' ')],
      },
    ];
  }

  run(execution: Execution): Promise<unknown> {
    return this.#spawn(execution, execution.operation.input as CommandInput);
  }

  async undo(execution: Execution): Promise<void> {
    const { undo } = execution.operation.input as CommandInput;
    if (undo) await this.#spawn(execution, undo);
  }

  #spawn(execution: Execution, { command, args = [] }: Static<typeof Invocation>): Promise<unknown> {
    const { operation, workflow, signal } = execution;
    const input = operation.input as CommandInput;
    const child = spawn(command, args, {
      cwd: input.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.#environment(execution, workflow), ...input.env },
    });
    const output = new CommandOutput(execution);
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      signalGroup(child.pid, 'SIGTERM');
      // Just before the attempt itself gives up waiting: the process must be gone by then.
      killer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), this.#options.grace);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.stdout(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => output.stderr(text));
    return new Promise((resolve, reject) => {
      child.on('error', (cause) => reject(notStarted(command, cause)));
      child.on('close', (code, killed) => {
        clearTimeout(killer);
        signal.removeEventListener('abort', stop);
        output.end();
        if (signal.aborted) reject(signal.reason as Error);
        else if (code === 0) resolve(output.result());
        else reject(failed(command, code, killed, output));
      });
    });
  }

  #environment({ operation, idempotencyKey }: Execution, workflow: WorkflowPlan): Record<string, string> {
    const own: Record<string, string> = {};
    for (const name of inherited) {
      const value = this.#options.environment[name];
      if (value !== undefined) own[name] = value;
    }
    const task = taskId(workflow.id, operation.index);
    const token = this.#options.tokens?.issue(task);
    return {
      ...own,
      PROVISIONING_TASK_ID: task,
      ...(token === undefined ? {} : { PROVISIONING_TASK_TOKEN: token }),
      PROVISIONING_WORKFLOW_ID: workflow.id,
      PROVISIONING_OPERATION_ID: operation.id,
      PROVISIONING_IDEMPOTENCY_KEY: idempotencyKey,
      ORCHESTRATOR_ENDPOINT: this.#options.endpoint(),
    };
  }
}

/** What a command writes: progress lines, log lines, and a JSON object at the end as its result. */
class CommandOutput {
  readonly #report: (progress: Progress) => void;
  #out = '';
  #error = '';
  #lastJson: unknown;
  #text = '';
  readonly lastErrors: string[] = [];

  constructor({ report }: Execution) {
    this.#report = report;
  }

  stdout(text: string): void {
    this.#out = this.#lines(this.#out + text, (line) => this.#line(line));
  }

  stderr(text: string): void {
    this.#error = this.#lines(this.#error + text, (line) => this.#errorLine(line));
  }

  end(): void {
    if (this.#out !== '') this.#line(this.#out);
    if (this.#error !== '') this.#errorLine(this.#error);
  }

  result(): unknown {
    return this.#lastJson ?? (this.#text === '' ? undefined : this.#text);
  }

  #lines(text: string, take: (line: string) => void): string {
    const lines = text.split('\n');
    const rest = lines.pop()!;
    lines.forEach(take);
    return rest.length > 65_536 ? '' : rest;
  }

  #line(line: string): void {
    const progress = /^PROGRESS: (.*)$/.exec(line)?.[1];
    if (progress !== undefined) {
      this.#report(parseProgress(progress));
      return;
    }
    if (line.startsWith('{')) {
      try {
        this.#lastJson = JSON.parse(line) as unknown;
        return;
      } catch {
        // A line that only looks like JSON is text.
      }
    }
    if (this.#text.length < 65_536) this.#text += this.#text === '' ? line : `\n${line}`;
    this.#report({ type: 'log', level: 'info', message: line });
  }

  #errorLine(line: string): void {
    this.lastErrors.push(line);
    if (this.lastErrors.length > errorLines) this.lastErrors.shift();
    this.#report({ type: 'log', level: 'warn', message: line });
  }
}

function parseProgress(text: string): Progress {
  if (text.startsWith('{')) {
    try {
      const { progress, message } = JSON.parse(text) as { progress: number; message?: string };
      return { type: 'percent', percent: Number(progress) || 0, message };
    } catch {
      return { type: 'log', level: 'info', message: text };
    }
  }
  const [, percent, message] = /^(\d+(?:\.\d+)?)\s*(.*)$/.exec(text) ?? [];
  if (percent === undefined) return { type: 'log', level: 'info', message: text };
  return { type: 'percent', percent: Number(percent), ...(message ? { message } : {}) };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The group has ended meanwhile.
  }
}

function notStarted(command: string, cause: Error): ProvisioningError {
  return new ProvisioningError({
    code: 'COMMAND_NOT_STARTED',
    message: `Command '${command}' could not be started: ${cause.message}`,
    cause,
  });
}

function failed(
  command: string,
  code: number | null,
  signal: string | null,
  output: CommandOutput,
): ProvisioningError {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return new ProvisioningError({
    code: 'COMMAND_FAILED',
    message: [`Command '${command}' ended with ${how}`, ...output.lastErrors].join('\n'),
    retryable: true,
  });
}
