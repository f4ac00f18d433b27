import {
  type Context,
  type ObservedServer,
  ProvisioningError,
  type TaskservUse,
} from '@provisioning/extensions-sdk';
import { resolveTaskservConfig, serverReferences } from './configuration.ts';
import { type DesiredTaskserv, renderTaskserv } from './desired.ts';
import { compareFacts, type TaskservObservation } from './difference.ts';
import { factsFunction, recordFolder } from './facts.ts';
import { asRoot, openHost, ServerDirectory, type ServerReference, type ServerTarget } from './host.ts';
import { TaskservPackages } from './package.ts';
import { readShares, withShares } from '../traffic/shares.ts';

export interface ObserveOptions {
  /** Packages read before, for a plan over many servers. */
  readonly packages?: TaskservPackages;
  /** Servers already known from the provider, so that their addresses are not asked for again. */
  readonly servers?: Iterable<ObservedServer>;
  /** Seconds to go on trying while SSH is refused; default 10. */
  readonly connectTimeout?: number;
}

/** The taskservs of one server. */
export interface ServerObservation {
  /** Those asked for, in that order. */
  readonly taskservs: readonly TaskservObservation[];
  /** Names of others that were installed there. */
  readonly others: readonly string[];
}

/** How the given taskservs of one server stand; see `observeServer`. */
export async function observeTaskservs(
  context: Context,
  target: ServerTarget,
  uses: readonly TaskservUse[],
  options: ObserveOptions = {},
): Promise<readonly TaskservObservation[]> {
  return (await observeServer(context, target, uses, options)).taskservs;
}

/**
 * Finds out how all taskservs of one server stand, over one stream and with one shell there. Changes nothing. Nothing is
 * asked of a server that has none.
 * @throws ProvisioningError `TRANSPORT_*` when the server cannot be reached; configuration errors of a taskserv.
 */
export async function observeServer(
  context: Context,
  target: ServerTarget,
  uses: readonly TaskservUse[],
  options: ObserveOptions = {},
): Promise<ServerObservation> {
  if (uses.length === 0) return { taskservs: [], others: [] };
  const packages = options.packages ?? new TaskservPackages();
  const directory = new ServerDirectory(context, options.servers);
  // Connecting takes longest; it goes on while the templates are rendered.
  const opening = openHost(context, target, options.connectTimeout ?? 10);
  opening.catch(() => undefined);
  const rendered = await Promise.all(
    uses.map((use) => renderOrExplain(context, target, use, packages, directory)),
  );
  const wanted = rendered.filter((one): one is DesiredTaskserv => !('state' in one));
  const { transport, access } = await opening;
  if (wanted.length === 0) return { taskservs: rendered as TaskservObservation[], others: [] };
  const result = await transport.run(`${asRoot(access)}sh -s`, {
    input: `main() {\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nexport PATH LC_ALL=C\n${factsFunction(wanted)}facts </dev/null\n${installedNames}\n}\nmain\nexit\n`,
    signal: context.signal,
    timeout: 60,
  });
  if (result.code !== 0) {
    throw new ProvisioningError({
      code: 'HOST_FAILED',
      message: `${target.hostname} cannot be examined: ${result.stderr.trim().split('\n').at(-1) ?? 'no message'}`,
      hint: `Try: provisioning server ssh ${target.hostname}`,
    });
  }
  const facts = new Set(result.stdout.split('\n'));
  const asked = new Set(uses.map(({ name }) => name));
  return {
    taskservs: rendered.map((one) => ('state' in one ? one : compareFacts(one, facts))),
    others: [...facts].flatMap((line) => {
      const [kind, name] = line.split('\t');
      return kind === 'installed' && name !== undefined && !asked.has(name) ? [name] : [];
    }),
  };
}

/** Shell lines that name everything that was installed on a host. */
const installedNames = `for f in ${recordFolder}/*; do if [ -f "$f" ]; then printf 'installed\\t%s\\n' "\${f##*/}"; fi; done`;

/** A taskserv whose template needs the address of a server that is not there yet cannot be satisfied either. */
async function renderOrExplain(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  packages: TaskservPackages,
  directory: ServerDirectory,
): Promise<DesiredTaskserv | TaskservObservation> {
  try {
    return await prepareTaskserv(context, target, use, { packages, directory });
  } catch (error) {
    if (!(error instanceof ProvisioningError) || error.code !== 'SERVER_ADDRESS_UNKNOWN') throw error;
    return { name: use.name, state: 'drifted', reasons: [error.message], drift: false };
  }
}

/** Loads, configures and renders one taskserv for one server. */
export async function prepareTaskserv(
  context: Context,
  target: ServerTarget,
  use: TaskservUse,
  options: {
    readonly packages?: TaskservPackages;
    readonly directory?: ServerDirectory;
    readonly references?: readonly ServerReference[];
  } = {},
): Promise<DesiredTaskserv> {
  const packages = options.packages ?? new TaskservPackages();
  const directory = options.directory ?? new ServerDirectory(context);
  const taskserv = await packages.load(await context.extension('taskserv', use.name));
  const shares = await readShares(context.workspace.path, context.infra);
  const config = withShares(resolveTaskservConfig(taskserv, use, target.hostname), context.infra, shares);
  const references = new Map<string, ServerReference>();
  for (const name of serverReferences(taskserv.schema, config)) references.set(name, name);
  for (const one of options.references ?? [])
    references.set(typeof one === 'string' ? one : one.hostname, one);
  const addresses = await directory.addresses(target, [...references.values()]);
  return renderTaskserv(taskserv, config, use.version, addresses);
}
