import { route } from './argv/route.ts';
import { type FlagShapes, normaliseOptions } from './argv/options.ts';
import type { Catalogue } from './command-catalogue.ts';
import { asProvisioningError } from './errors/as-error.ts';
import { unknownCommand } from './errors/unknown.ts';
import { helpPage } from './help/show.ts';
import { createStyle } from './output/style.ts';
import { globalShapes } from './frame/global-flags.ts';

/**
 * Reads a command line as `main` would and runs nothing: the words, the options and the number of arguments. Answers
 * what is wrong with it. Documentation is checked with it.
 */
export async function checkCommandLine(
  catalogue: Catalogue,
  argv: readonly string[],
): Promise<string | undefined> {
  try {
    if (argv.length === 1 && /^-/.test(argv[0]!)) return undefined;
    const found = route(catalogue, argv);
    if (found.help || found.typed.length === 0) {
      await helpPage(catalogue, found, {
        all: false,
        detailed: false,
        titles: true,
        style: createStyle(false),
      });
      return undefined;
    }
    const entry = catalogue.commands.get(found.words.join(' '));
    const topicAlone = found.words.length > 0 && found.typed.length === found.words.length;
    if (!entry && topicAlone) return undefined;
    if (!entry) throw unknownCommand(catalogue, found.words, found.typed, found.category);
    const type = await entry.load();
    const shapes = { ...globalShapes, ...(type.flags as unknown as FlagShapes) };
    const read = normaliseOptions(found.rest, shapes, entry.id);
    const positionals = read.slice(read.indexOf('--') + 1);
    const parameters = Object.values(type.args ?? {});
    const required = parameters.filter((parameter) => parameter.required).length;
    const open =
      parameters.some((parameter) => parameter.multiple) ||
      (type as unknown as { strict?: boolean }).strict === false;
    if (positionals.length < required) return 'an argument is missing';
    if (!open && positionals.length > parameters.length) return `unexpected argument ${positionals.at(-1)!}`;
    return undefined;
  } catch (error) {
    return asProvisioningError(error).message;
  }
}
