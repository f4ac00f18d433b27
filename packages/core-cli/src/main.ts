import type { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Route, route } from './argv/route.ts';
import type { Catalogue } from './command-catalogue.ts';
import { asProvisioningError } from './errors/as-error.ts';
import { renderError } from './errors/render.ts';
import { missingSubcommand, unknownCommand } from './errors/unknown.ts';
import { Interruption } from './interruption.ts';
import { createStyle } from './output/style.ts';
import { describeTerminal, isOn } from './output/terminal.ts';
import type { Host } from './frame/command.ts';
import { wrapText } from './output/wrap.ts';
import type { Runtime } from './runtime.ts';

/**
 * Runs one command line and answers its exit code (rulings §9). Nothing is thrown: every failure is printed in the one
 * style and becomes a code.
 */
export async function main(
  argv: readonly string[],
  catalogue: Catalogue,
  runtime: Runtime,
  interruption = new Interruption(),
): Promise<number> {
  try {
    return await dispatch(argv, catalogue, runtime, interruption);
  } catch (thrown) {
    if (interruption.received !== undefined) {
      const style = createStyle(describeTerminal(runtime.stderr, runtime.environment).colour);
      runtime.stderr.write(`${style.mark('error')} Operation interrupted\n`);
      return interruption.exitCode;
    }
    const { error, page } = await advised(asProvisioningError(thrown));
    const terminal = describeTerminal(runtime.stderr, runtime.environment);
    const debug =
      argv.some((token) => token === '--debug' || token === '-x') ||
      isOn(runtime.environment['PROVISIONING_DEBUG']);
    const machine = wantsMachineErrors(argv, runtime);
    const text = renderError(error, {
      style: createStyle(terminal.colour),
      machine,
      debug,
      ...(page === undefined ? {} : { page }),
    });
    runtime.stderr.write(machine ? text : wrapText(text, terminal));
    return error.exitCode;
  }
}

/** What helps with an error; the error alone when the program has removed or replaced itself meanwhile. */
async function advised(
  error: ProvisioningError,
): Promise<{ readonly error: ProvisioningError; readonly page?: string }> {
  try {
    const { withAdvice } = await import('./troubleshooting/advice.ts');
    return await withAdvice(error);
  } catch {
    return { error };
  }
}

async function dispatch(
  argv: readonly string[],
  catalogue: Catalogue,
  runtime: Runtime,
  interruption: Interruption,
): Promise<number> {
  const bare = bareCommand(argv);
  const found = route(catalogue, bare ?? argv);
  if (found.help || (found.words.length === 0 && found.typed.length === 0)) {
    if (!found.help && found.rest.length > 0) (await import('./help/options.ts')).asksForMore(found);
    return await showHelp(argv, found, catalogue, runtime);
  }
  const id = found.words.join(' ');
  const entry = catalogue.commands.get(id);
  if (!entry) {
    const isTopicAlone = found.words.length > 0 && found.typed.length === found.words.length;
    if (isTopicAlone) {
      const more = found.rest.length > 0 && (await import('./help/options.ts')).asksForMore(found);
      if (more) throw missingSubcommand(catalogue, id);
      return await showHelp(argv, found, catalogue, runtime);
    }
    throw unknownCommand(catalogue, found.words, found.typed, found.category);
  }
  const type = await entry.load();
  const host = {
    bin: 'provisioning',
    catalogue,
    runtime,
    interruption,
    id,
    passthrough: found.passthrough,
    wantsHints: async () => {
      const [{ getPreference }, { surroundingsOf }] = await Promise.all([
        import('@provisioning/core'),
        import('./session/surroundings.ts'),
      ]);
      return (await getPreference(surroundingsOf(runtime), 'hints').catch(() => true)) !== false;
    },
    configure: async (command) => {
      const { applyConfiguration } = await import('./session/configured.ts');
      await applyConfiguration(command);
    },
  } satisfies Host;
  const command = new type([...found.rest], host as never);
  await command.run().catch((cause: unknown) => {
    throw command.withUsage(cause);
  });
  return command.exitCode;
}

/** `-V`, `-I`, `-a` alone stand for commands. */
function bareCommand(argv: readonly string[]): readonly string[] | undefined {
  if (argv.length !== 1) return undefined;
  const [token] = argv;
  if (token === '--version' || token === '-V' || token === '-v') return ['version'];
  if (token === '--info' || token === '-I') return ['info'];
  if (token === '--about' || token === '-a') return ['about'];
  return undefined;
}

async function showHelp(
  argv: readonly string[],
  found: Route,
  catalogue: Catalogue,
  runtime: Runtime,
): Promise<number> {
  const { helpPage } = await import('./help/show.ts');
  const terminal = describeTerminal(runtime.stdout, runtime.environment);
  const style = createStyle(terminal.colour);
  const lines = await helpPage(catalogue, found, {
    all: argv.includes('--all') || found.typed.join(' ') === 'all',
    detailed: argv.includes('--detailed'),
    examples: argv.includes('--example') || argv.includes('--examples'),
    titles: !argv.includes('--notitles'),
    style,
  });
  const page = terminal.interactive ? terminal : { ...terminal, interactive: true, columns: 120 };
  runtime.stdout.write(wrapText(`${lines.join('\n')}\n`, page));
  return 0;
}

/** Errors are JSON as soon as the command line asked for a machine format, valid otherwise or not. */
function wantsMachineErrors(argv: readonly string[], runtime: Runtime): boolean {
  const end = argv.indexOf('--');
  const tokens = end === -1 ? argv : argv.slice(0, end);
  for (let index = 0; index < tokens.length; index += 1) {
    const match = /^(?:--out|--format|-o)(?:=(.*))?$/.exec(tokens[index]!);
    if (match) return ['json', 'yaml', 'toml'].includes(match[1] ?? tokens[index + 1] ?? '');
  }
  return ['json', 'yaml', 'toml'].includes(runtime.environment['PROVISIONING_OUTPUT_FORMAT'] ?? '');
}
