import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One use of an extension (08 §4.4). Values of its parameters are never part of it. */
export interface ExtensionUse {
  readonly extension: string;
  readonly version: string;
  readonly operation: string;
  readonly outcome: 'ok' | 'failed' | 'denied';
  /** What was refused: `read /etc/shadow`. */
  readonly detail?: string;
}

export type AuditSink = (use: ExtensionUse) => void;

/** `<ws>/.runtime/audit/extensions.jsonl`: one JSON record a line. */
export function extensionAuditFile(workspacePath: string): string {
  return join(workspacePath, '.runtime', 'audit', 'extensions.jsonl');
}

/** A sink that appends to the workspace's file; `flush` waits for what is under way. */
export function fileAudit(
  workspacePath: string,
  now: () => number = Date.now,
): { readonly sink: AuditSink; flush(): Promise<void> } {
  const file = extensionAuditFile(workspacePath);
  let last: Promise<unknown> = Promise.resolve();
  return {
    sink: (use) => {
      const line = `${JSON.stringify({ time: new Date(now()).toISOString(), ...use })}\n`;
      last = last
        .then(() => mkdir(dirname(file), { recursive: true }))
        .then(() => appendFile(file, line, { mode: 0o600 }))
        .catch(() => undefined);
    },
    flush: async () => {
      await last;
    },
  };
}
