import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeFileAtomic } from '../files/atomic.ts';

/** A file that a template brought into an infrastructure. */
export interface AppliedFile {
  /** Below the infrastructure. */
  readonly path: string;
  /** Hash of the content as it was written. */
  readonly sha256: string;
  readonly action: 'created' | 'updated' | 'unchanged' | 'proposed';
}

/** One applied template (08 §7.1). */
export interface AppliedTemplate {
  readonly name: string;
  readonly version: string;
  readonly source: 'workspace' | 'core';
  readonly applied_at: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly files: readonly AppliedFile[];
}

export function appliedFile(infraPath: string): string {
  return join(infraPath, '.manifest', 'templates.yaml');
}

/** Templates of an infrastructure in the order they were applied. */
export async function readApplied(infraPath: string): Promise<AppliedTemplate[]> {
  const text = await readFile(appliedFile(infraPath), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const data = parse(text) as { applied?: AppliedTemplate[] } | null;
  return (data?.applied ?? []).filter(({ name }) => typeof name === 'string');
}

export async function writeApplied(infraPath: string, applied: readonly AppliedTemplate[]): Promise<void> {
  await writeFileAtomic(appliedFile(infraPath), stringify({ applied }), 0o644);
}
