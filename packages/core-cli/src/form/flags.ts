import { integer, string } from '@oclif/core/flags';

/* Options of every command that fills in a form. */

/** Where the page of a form is. */
export const pageFlags = {
  host: string({ description: 'address of the page, of this machine only', default: '127.0.0.1' }),
  port: integer({
    description: 'port of the page; a busy one gives way to the next',
    default: 3080,
    min: 0,
    max: 65_535,
  }),
};

export const formFlags = {
  backend: string({
    description: 'where to ask; tui is cli',
    options: ['cli', 'tui', 'web'],
    default: 'cli',
  }),
  values: string({ description: 'file with values' }),
  set: string({ description: 'one value: name=value', multiple: true, multipleNonGreedy: true }),
  ...pageFlags,
};
