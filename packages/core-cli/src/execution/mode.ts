import type { GlobalValues } from '../frame/command.ts';

export type ExecutionMode = 'direct' | 'orchestrated';

/** What decides how a command runs (01 §9). */
export interface ModeInput {
  /** Dotted id of the command: `server.create`. */
  readonly id: string;
  readonly globals: Pick<GlobalValues, 'check' | 'direct' | 'orchestrated'>;
  readonly operations: number;
  readonly slow: boolean;
  readonly configuration: { get(path: string): unknown };
}

/** Direct, or through the orchestrator: the first rule of 01 §9 that applies decides. */
export function executionMode(input: ModeInput): ExecutionMode {
  const { globals, id, configuration } = input;
  if (globals.check) return 'direct';
  if (globals.direct) return 'direct';
  if (globals.orchestrated) return 'orchestrated';
  if (configuration.get('orchestrator.enabled') === false) return 'direct';
  if (
    matchesAny(
      id,
      patterns(configuration.get('execution.force_direct'), ['*.list', '*.show', 'help', 'version']),
    )
  ) {
    return 'direct';
  }
  const forced = patterns(configuration.get('execution.force_orchestrated'), [
    'server.create',
    'cluster.create',
    'batch.*',
    'workflow.*',
  ]);
  if (matchesAny(id, forced)) return 'orchestrated';
  const mode = configuration.get('execution.default_mode');
  if (mode === 'direct' || mode === 'orchestrated') return mode;
  return input.slow || input.operations > 1 ? 'orchestrated' : 'direct';
}

function patterns(value: unknown, fallback: readonly string[]): readonly string[] {
  return Array.isArray(value) ? value.map(String) : fallback;
}

function matchesAny(id: string, globs: readonly string[]): boolean {
  return globs.some((glob) => {
    const source = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${source}$`).test(id);
  });
}
