import { Script } from 'node:vm';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Library } from './library.ts';

type Evaluation = (...values: unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Evaluation;

/**
 * Evaluates code with the names of the library in scope; `await` works. An expression answers its value, statements what
 * they return.
 * @throws ProvisioningError `CODE_SYNTAX` (exit 2), `CODE_FAILED` (exit 1)
 */
export async function evaluate(code: string, library: Library): Promise<unknown> {
  checkSyntax(code);
  const names = Object.keys(library);
  const run = new AsyncFunction(...names, isExpression(code) ? `return (${code}\n)` : code);
  return run(...Object.values(library)).catch((cause: unknown) => {
    if (cause instanceof ProvisioningError) throw cause;
    throw new ProvisioningError({ code: 'CODE_FAILED', message: `The code failed: ${String(cause)}`, cause });
  });
}

/** @throws ProvisioningError `CODE_SYNTAX` (exit 2) with the line */
export function checkSyntax(code: string): void {
  if (isExpression(code)) return;
  try {
    new Script(`(async () => {${code}\n})`, { filename: 'code' });
  } catch (cause) {
    const line = /^code:(\d+)/.exec((cause as Error).stack ?? '')?.[1];
    throw new ProvisioningError({
      code: 'CODE_SYNTAX',
      kind: 'usage',
      message: `The code does not parse: ${(cause as Error).message}${line === undefined ? '' : ` (line ${line})`}`,
      cause,
    });
  }
}

function isExpression(code: string): boolean {
  try {
    new Script(`(async () => (${code}\n))`);
    return true;
  } catch {
    return false;
  }
}
