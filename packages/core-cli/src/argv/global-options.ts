/** The options every command understands (01 §1 "Global options"). One table for the parser, help and completion. */
export interface GlobalOption {
  readonly name: string;
  readonly char?: string;
  /** Other spellings without dashes. */
  readonly aliases?: readonly string[];
  /** Placeholder of the value in help; absent for a switch. */
  readonly value?: string;
  readonly options?: readonly string[];
  readonly summary: string;
  /** Only meaningful without a command (`--version`). */
  readonly bare?: boolean;
  readonly hidden?: boolean;
}

export const outputFormats = ['table', 'text', 'json', 'yaml', 'toml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

export const globalOptions: readonly GlobalOption[] = [
  {
    name: 'infra',
    char: 'i',
    value: 'name',
    summary: 'infrastructure to work on (a directory such as . works)',
  },
  {
    name: 'workspace',
    aliases: ['ws'],
    value: 'name[:infra]',
    summary: 'workspace for this command; short form -ws after the subcommand',
  },
  { name: 'environment', value: 'env', summary: 'environment for this command' },
  { name: 'check', char: 'c', aliases: ['dry-run'], summary: 'show what would be done and change nothing' },
  { name: 'debug', char: 'x', summary: 'debug log and stack traces' },
  { name: 'yes', char: 'y', summary: 'answer yes to every question' },
  { name: 'wait', char: 'w', summary: 'wait for the result' },
  {
    name: 'out',
    char: 'o',
    aliases: ['format'],
    value: 'format',
    options: outputFormats,
    summary: 'table, text, json, yaml or toml',
  },
  { name: 'outfile', value: 'file', summary: 'write the result into a file' },
  { name: 'pretty', summary: 'indent JSON (default on a terminal)' },
  { name: 'timeout', value: 'seconds', summary: 'limit of an operation (default 300)' },
  { name: 'verbose', char: 'v', summary: 'say more' },
  { name: 'quiet', char: 'q', summary: 'say only what matters' },
  { name: 'settings', char: 's', value: 'file', summary: 'settings file merged over the definition' },
  { name: 'template', char: 't', value: 'name', summary: 'template to use' },
  { name: 'select', summary: 'choose interactively' },
  { name: 'include-notuse', summary: 'include entries marked not_use' },
  { name: 'new', value: 'name', summary: 'name of a new infrastructure' },
  { name: 'orchestrated', summary: 'run through the orchestrator' },
  { name: 'direct', summary: 'run in this process' },
  { name: 'skip-auth', summary: 'skip authentication where the configuration allows it' },
  { name: 'token', value: 'token', summary: 'bearer token for the services' },
  { name: 'profile', value: 'name', summary: 'configuration profile' },
  { name: 'region', value: 'name', summary: 'region' },
  { name: 'config', value: 'file', summary: 'explicit configuration file' },
  { name: 'offline', summary: 'use no network' },
  { name: 'notitles', summary: 'help without its first lines' },
  { name: 'no-hints', summary: 'no Next: lines' },
  { name: 'help', char: 'h', summary: 'help for a command' },
  { name: 'version', char: 'V', summary: 'version', bare: true },
  { name: 'info', char: 'I', summary: 'version, system and mode', bare: true },
  { name: 'about', char: 'a', summary: 'what this program is', bare: true },
];

const byName = new Map<string, GlobalOption>();
for (const option of globalOptions) {
  byName.set(option.name, option);
  for (const alias of option.aliases ?? []) byName.set(alias, option);
}
const byChar = new Map(
  globalOptions.flatMap((option) => (option.char ? [[option.char, option] as const] : [])),
);

/** The global option behind `--name`, `--name=value` or `-n`; `_` reads as `-`. */
export function findGlobalOption(token: string): { option: GlobalOption; value?: string } | undefined {
  if (!token.startsWith('--')) {
    const option = byChar.get(token.slice(1));
    return option && { option };
  }
  const equals = token.indexOf('=');
  const name = (equals === -1 ? token.slice(2) : token.slice(2, equals)).replaceAll('_', '-');
  const option = byName.get(name);
  if (!option) return undefined;
  return equals === -1 ? { option } : { option, value: token.slice(equals + 1) };
}
