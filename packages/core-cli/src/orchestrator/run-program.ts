import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ProvisioningError, type SerializedError } from '@provisioning/extensions-sdk';
import { findOrchestratorProgram } from './program.ts';
import type { OrchestratorSettings } from './settings.ts';

type Word = 'validate' | 'plan' | 'show' | 'list' | 'migrate-store' | 'repair';

export interface ProgramOptions {
  readonly settings: OrchestratorSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly signal?: AbortSignal;
  readonly flags?: readonly string[];
}

type Answer<T> =
  { readonly success: true; readonly data: T } | { readonly success: false; readonly error: SerializedError };

/**
 * Asks the orchestrator's program without a server: the request goes to its standard input, the answer comes back as JSON.
 * @throws ProvisioningError what the program answers
 */
export async function askProgram<T>(word: Word, request: object, options: ProgramOptions): Promise<T> {
  const { settings, environment, cwd, signal, flags = [] } = options;
  const program = findOrchestratorProgram(environment);
  const child = spawn(process.execPath, [program, word, '--data-dir', settings.dataDir, ...flags], {
    cwd,
    env: environment as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  let answer: Answer<T>;
  try {
    answer = JSON.parse(output) as Answer<T>;
  } catch {
    throw new ProvisioningError({
      code: 'ORCHESTRATOR_PROGRAM_FAILED',
      message: complaints.trim().replace(/^error: /, '') || 'The orchestrator program gave no answer',
    });
  }
  if (answer.success) return answer.data;
  throw new ProvisioningError(answer.error);
}
