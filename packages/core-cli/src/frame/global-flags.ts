import { boolean, string } from '@oclif/core/flags';
import type { Interfaces } from '@oclif/core';
import { globalOptions } from '../argv/global-options.ts';
import type { FlagShape, FlagShapes } from '../argv/options.ts';

const commandOptions = globalOptions.filter((option) => !option.bare);

/** The global options in the form the command line reader wants. */
export const globalShapes: FlagShapes = Object.fromEntries(
  commandOptions.map((option): [string, FlagShape] => [
    option.name,
    {
      type: option.value === undefined ? 'boolean' : 'option',
      char: option.char,
      aliases: option.aliases,
      options: option.options,
    },
  ]),
);

/** The global options as oclif flags. */
export function globalFlags(): Record<string, Interfaces.Flag<unknown>> {
  return Object.fromEntries(
    commandOptions.map((option) => [
      option.name,
      option.value === undefined
        ? boolean({ description: option.summary, allowNo: true })
        : string({ description: option.summary, options: option.options && [...option.options] }),
    ]),
  ) as Record<string, Interfaces.Flag<unknown>>;
}
