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

/** A file that records are appended to, one JSON record a line; `flush` waits for what is under way. */
export interface AuditFile<T> {
  readonly sink: (record: T) => void;
  flush(): Promise<void>;
}

/** `<ws>/.runtime/audit/extensions.jsonl`. */
export function extensionAuditFile(workspacePath: string): string {
  return join(workspacePath, '.runtime', 'audit', 'extensions.jsonl');
}

/** `<ws>/.runtime/audit/providers.jsonl`: every change at a provider (06 §8). */
export function providerAuditFile(workspacePath: string): string {
  return join(workspacePath, '.runtime', 'audit', 'providers.jsonl');
}

/** Appends uses of extensions to the workspace's file. */
export function fileAudit(workspacePath: string, now: () => number = Date.now): AuditFile<ExtensionUse> {
  return appendRecords(extensionAuditFile(workspacePath), now);
}

/** Appends records with their time; a file that can't be written stops nothing. */
export function appendRecords<T extends object>(file: string, now: () => number = Date.now): AuditFile<T> {
  let last: Promise<unknown> = Promise.resolve();
  return {
    sink: (record) => {
      const line = `${JSON.stringify({ time: new Date(now()).toISOString(), ...record })}\n`;
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
