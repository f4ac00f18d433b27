import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import type { ExtensionKind } from './kinds.ts';

/** What a workspace decided about an extension (08 §4.3). */
export interface ExtensionState {
  readonly enabled: boolean;
  readonly version?: string;
  readonly changed_at: string;
}

export type ExtensionStates = ReadonlyMap<string, ExtensionState>;

/** `<ws>/config/extensions.state.yaml`. */
export function statesFile(workspacePath: string): string {
  return join(workspacePath, 'config', 'extensions.state.yaml');
}

export function stateKey(kind: ExtensionKind, name: string): string {
  return `${kind}/${name}`;
}

/** Decisions by `kind/name`; an extension without one is enabled. */
export async function readExtensionStates(workspacePath: string): Promise<ExtensionStates> {
  const text = await readFile(statesFile(workspacePath), 'utf8').catch(() => undefined);
  if (text === undefined) return new Map();
  const { parse } = await import('yaml');
  const data = parse(text) as { extensions?: Record<string, ExtensionState> } | null;
  return new Map(Object.entries(data?.extensions ?? {}));
}

export async function writeExtensionState(
  workspacePath: string,
  kind: ExtensionKind,
  name: string,
  state: ExtensionState,
): Promise<void> {
  const file = statesFile(workspacePath);
  const { stringify } = await import('yaml');
  await withFileLock(file, async () => {
    const states = new Map(await readExtensionStates(workspacePath));
    states.set(stateKey(kind, name), state);
    const extensions = Object.fromEntries([...states].sort(([a], [b]) => a.localeCompare(b)));
    await writeFileAtomic(file, stringify({ extensions }), 0o644);
  });
}
