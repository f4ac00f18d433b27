import { normaliseOptions } from '../argv/options.ts';
import type { Route } from '../argv/route.ts';
import { globalShapes } from '../frame/global-flags.ts';

const pages = ['all', 'detailed', 'example', 'examples', 'notitles'];

/**
 * Reads what stands beside words that are no command: whether it asks for more than a page of help.
 * @throws ProvisioningError `INVALID_OPTION`, `INVALID_OPTION_VALUE` for options that nobody has.
 */
export function asksForMore({ rest, words }: Route): boolean {
  const own = Object.fromEntries(pages.map((name) => [name, { type: 'boolean' as const }]));
  const usage = ['provisioning', ...words, words.length === 0 ? '<command>' : '<subcommand>'].join(' ');
  const read = normaliseOptions(rest, { ...globalShapes, ...own }, usage);
  return read.some((token) => token !== '--' && !pages.includes(token.replace(/^--(no-)?/, '')));
}
