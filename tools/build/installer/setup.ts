/**
 * `provisioning-setup-<version>.mjs`: the program that `install.sh` brings and starts. It takes the same options; the
 * commands of an installed command line do the same work from then on.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { processSurroundings, userDirectories } from '@provisioning/core';
import {
  type ComponentName,
  componentNames,
  install,
  type InstallResult,
  ReleaseSource,
} from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error('interrupted')));

function readOptions() {
  try {
    return parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        prefix: { type: 'string', default: '/usr/local' },
        release: { type: 'string' },
        version: { type: 'string' },
        packages: { type: 'string' },
        bundle: { type: 'string' },
        variant: { type: 'string', default: 'complete' },
        downloads: { type: 'string' },
        'release-key': { type: 'string' },
        latest: { type: 'boolean', default: false },
        'system-node': { type: 'boolean', default: false },
        'require-signature': { type: 'boolean', default: false },
        'no-replace-existing': { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new ProvisioningError({
      code: 'INVALID_INPUT',
      kind: 'usage',
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

type Options = ReturnType<typeof readOptions>;

function readPackages(text: string | undefined): readonly ComponentName[] {
  const names = (text ?? 'core').split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(componentNames as readonly string[]).includes(name));
  if (unknown === undefined) return names as ComponentName[];
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --packages: ${unknown}. Valid: ${componentNames.join(', ')}`,
  });
}

/** What the script downloaded and verified already is not downloaded twice. */
class Downloaded extends ReleaseSource {
  readonly #folder: string | undefined;

  constructor(base: string, folder: string | undefined) {
    super(base, interruption.signal);
    this.#folder = folder;
  }

  override async download(version: string, file: string, target: string): Promise<void> {
    const there = this.#folder === undefined ? undefined : join(this.#folder, file);
    if (there !== undefined && file.startsWith('provisioning-runtime-') && existsSync(there))
      await copyFile(there, target);
    else await super.download(version, file, target);
  }
}

/** `install.sh` without options means the tested set, where the releases have one. */
async function defaultBundle(options: Options, releases: ReleaseSource): Promise<string | undefined> {
  if (options.bundle !== undefined) return options.bundle;
  if (!options.latest || options.version !== undefined || options.packages !== undefined) return undefined;
  return (await releases.index()).pointers?.['stable'] === undefined ? undefined : 'stable';
}

async function main(): Promise<void> {
  const options = readOptions();
  const prefix = resolve(options.prefix);
  const base = process.env['PROVISIONING_RELEASES_URL'] ?? '';
  const releases = new Downloaded(base, options.downloads);
  const bundle = await defaultBundle(options, releases);
  const version = options.version ?? options.release;
  const now = (): Date => new Date();
  const result = await install({
    prefix,
    releases,
    selection: {
      components: readPackages(options.packages),
      today: now().toISOString().slice(0, 10),
      force: options.force,
      ...(version === undefined ? {} : { version }),
      ...(bundle === undefined ? {} : { bundle }),
    },
    variant: options.variant,
    method: 'script',
    systemNode: options['system-node'],
    requireSignature: options['require-signature'],
    ...(options['release-key'] === undefined ? {} : { releaseKey: resolve(options['release-key']) }),
    signal: interruption.signal,
    now,
    environment: process.env,
    say: (line) => console.log(line),
    warn: (line) => console.error(`warning: ${line}`),
    replaceOther: options.yes,
    refuseUsed: options['no-replace-existing'],
    dryRun: options['dry-run'],
  });
  if (result.state === 'planned') return;
  if (result.state === 'already') {
    console.log(`Already installed: ${result.version}`);
    return;
  }
  await finish(prefix, result);
}

async function finish(prefix: string, { first, components }: InstallResult): Promise<void> {
  if (first && components.some(({ component }) => component === 'core')) await writeExample(prefix);
  const bin = join(prefix, 'bin');
  if (!(process.env['PATH'] ?? '').split(delimiter).includes(bin)) {
    console.log(`Note: ${bin} is not in your PATH`);
    console.log(
      process.platform === 'win32'
        ? `  [Environment]::SetEnvironmentVariable('Path', "$([Environment]::GetEnvironmentVariable('Path', 'User'));${bin}", 'User')`
        : `  export PATH="${bin}:$PATH"`,
    );
  }
  for (const { component, version } of components) console.log(`  ${component} ${version}`);
  console.log('Installation complete!');
  console.log("Run 'provisioning --help' to get started");
}

/** An example beside the user's configuration; what is there stays as it is. */
async function writeExample(prefix: string): Promise<void> {
  const source = join(prefix, 'share/provisioning/config/config.example.toml');
  const { config } = userDirectories(processSurroundings(join(prefix, 'lib/provisioning')));
  const target = join(config, 'config.example.toml');
  if (!existsSync(source) || existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await copyFile(source, target);
}

try {
  await main();
} catch (thrown) {
  const error = ProvisioningError.from(thrown);
  if (interruption.signal.aborted) {
    console.error('Installation interrupted; nothing was changed');
    process.exitCode = 130;
  } else {
    console.error(`error: ${error.message}`);
    if (error.hint !== undefined) console.error(`  -> ${error.hint}`);
    process.exitCode = error.exitCode;
  }
}
