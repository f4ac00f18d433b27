import { parseArgs } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  headless: flag,
  unattended: flag,
  'config-only': flag,
  mode: text,
  platform: text,
  provider: text,
  services: text,
  domain: text,
  cpu: text,
  memory: text,
  disk: text,
  config: text,
  template: text,
  check: flag,
  validate: flag,
  'list-modes': flag,
  'list-providers': flag,
  'list-templates': flag,
  'mcp-suggest': flag,
  'config-suggest': flag,
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

export type Flags = {
  readonly [K in keyof typeof options]?: (typeof options)[K]['type'] extends 'boolean' ? boolean : string;
};

/** How a run gets its values (04 §7.1). */
export type RunMode = 'interactive' | 'headless' | 'unattended' | 'config-only';

export const usage = `provisioning-installer - deploys the services of the platform

Usage: provisioning-installer [flags]
       provisioning-installer deploy <platform> --config FILE

  --headless                take everything from flags, file and defaults; ask nothing
  --unattended              take everything from the file of --config; ask nothing
  --config-only             write installer-config.toml, deploy nothing
  --mode MODE               solo, multiuser, cicd or enterprise (solo)
  --platform PLATFORM       docker, podman, kubernetes or orbstack (the first that answers)
  --provider PROVIDER       provider that infrastructures use by default (local)
  --services A,B            services besides those that the mode requires
  --domain DOMAIN           name under which the services are reached (localhost)
  --cpu N                   processors for all services, in thousandths of one; below 100 in whole ones
  --memory MB               memory for all services
  --disk GB                 disk for all services
  --config FILE             values as installer-config.toml has them
  --template TEMPLATE       values of a template; see --list-templates
  --check                   print the plan, change nothing
  --validate                check the configuration, deploy nothing
  --list-modes              modes with their services
  --list-providers          providers
  --list-templates          templates
  --mcp-suggest             print the configuration that the MCP server suggests
  --config-suggest          the same, explained
  -y, --yes                 do not ask for confirmation
  -h, --help                this text
  -V, --version             the version

A value of a flag counts more than PROVISIONING_* of the environment, that more than the file, that more than a template.
`;

function mistake(message: string, hint = 'See provisioning-installer --help'): ProvisioningError {
  return new ProvisioningError({ code: 'USAGE', kind: 'usage', message, hint });
}

/** @throws ProvisioningError `USAGE`, exit 2. */
export function readCommandLine(argv: readonly string[]): Flags {
  let parsed: { values: Flags; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true }) as typeof parsed;
  } catch (error) {
    throw mistake((error as Error).message.split('. ')[0]!);
  }
  const { values, positionals } = parsed;
  const [command, platform, ...rest] = positionals;
  if (command === undefined) return values;
  if (command !== 'deploy' || rest.length > 0) throw mistake(`Unknown argument: ${rest[0] ?? command}`);
  if (platform === undefined || values.config === undefined)
    throw mistake('deploy takes a platform and --config FILE');
  return { ...values, platform };
}

/**
 * The run mode that the flags and the terminal give.
 * @throws ProvisioningError `USAGE`, exit 2: two of them, a file that is missing, nobody to answer.
 */
export function runModeOf(flags: Flags, canPrompt: boolean): RunMode {
  const named = (['headless', 'unattended', 'config-only'] as const).filter((name) => flags[name] === true);
  if (named.length > 1) throw mistake(`--${named[0]!} and --${named[1]!} exclude each other`);
  if (flags.unattended === true && flags.config === undefined)
    throw mistake('--unattended needs --config FILE');
  const changes = flags.check !== true && flags.validate !== true;
  if (flags.headless === true && !canPrompt && flags.yes !== true && changes)
    throw mistake('--headless without a terminal needs --yes', 'Add --yes, or --check to see the plan first');
  const mode = named[0];
  if (mode !== undefined) return mode;
  // A plan and a validation ask nothing.
  if (!changes || flags.yes === true) return 'headless';
  if (canPrompt) return 'interactive';
  throw mistake('Nobody can answer here', 'Use --headless --yes, or --unattended --config FILE');
}
