import { parseArgs } from 'node:util';

/** Flags of every target (11 §3); each is also an environment variable of the same upper-case name. */
const strings = [
  'version',
  'platforms',
  'variants',
  'build-mode',
  'output-dir',
  'dist-dir',
  'scope',
  'age',
  'bundle',
  'release-key',
  'compatibility',
  'installer-types',
  'tag-prefix',
  'base',
  'test-types',
  'platform',
  'prefix',
  'packages',
] as const;
const switches = [
  'verbose',
  'dry-run',
  'force',
  'push',
  'cleanup',
  'allow-unsigned',
  'no-restart',
  'include-services',
  'format-code',
  'check-dependencies',
] as const;

export type StringFlag = (typeof strings)[number];
export type SwitchFlag = (typeof switches)[number];

export interface Flags {
  readonly words: readonly string[];
  text(name: StringFlag): string | undefined;
  list(name: StringFlag): readonly string[] | undefined;
  on(name: SwitchFlag): boolean;
}

/** A mistake on the command line: exit 2. */
export class UsageError extends Error {}

/** Flags that may come as a variable of the same upper-case name (S:24540-24554). */
const variables = new Set<string>([
  'version',
  'platforms',
  'variants',
  'build-mode',
  'verbose',
  'dry-run',
  'scope',
]);

/** @throws UsageError for an unknown flag or a missing value. */
export function parseFlags(argv: readonly string[], environment: NodeJS.ProcessEnv): Flags {
  const options = Object.fromEntries<{ type: 'string' | 'boolean' }>([
    ...strings.map((name): [string, { type: 'string' }] => [name, { type: 'string' }]),
    ...switches.map((name): [string, { type: 'boolean' }] => [name, { type: 'boolean' }]),
  ]);
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true }) as typeof parsed;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const fromEnvironment = (name: string): string | undefined => {
    const value = environment[name.toUpperCase().replaceAll('-', '_')];
    return variables.has(name) && value !== '' ? value : undefined;
  };
  const text = (name: StringFlag): string | undefined =>
    (parsed.values[name] as string | undefined) ?? fromEnvironment(name);
  return {
    words: parsed.positionals,
    text,
    list: (name) =>
      text(name)
        ?.split(',')
        .filter((part) => part !== ''),
    on: (name) => parsed.values[name] === true || /^(?:1|true|yes)$/i.test(fromEnvironment(name) ?? ''),
  };
}
