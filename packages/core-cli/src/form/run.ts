import { resolve } from 'node:path';
import {
  namedSchemas,
  readDocument,
  type Answers,
  complete,
  parseAnswer,
  type Form,
  readForm,
  formOfSchema,
  offering,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { canPrompt } from '../prompt/confirm.ts';
import { findForm } from './find.ts';

export interface FormInput {
  /** File with present values: what the questions offer. */
  readonly input?: string;
  readonly values?: string;
  readonly set?: readonly string[];
  readonly backend: 'cli' | 'web';
  readonly host: string;
  readonly port: number;
  /** Show the values asked in the terminal, and ask whether they are right (01 §11, step 6). */
  readonly review?: boolean;
}

/**
 * Reads a form: a file, or the name of one (04 §5.1).
 * @throws ProvisioningError `FORM_NOT_FOUND`, `FILE_NOT_FOUND` (exit 5), `FORM_INVALID` (exit 3).
 */
export async function loadForm(command: ProvisioningCommand, word: string): Promise<Form> {
  const file = await findForm(command, word);
  const document = await readDocument(file);
  if (document) return readForm(document.value, file, (path) => document.locate(path));
  throw notFound(word);
}

/**
 * The form of a schema: one of ours by name, else a JSON Schema file.
 * @throws ProvisioningError `FILE_NOT_FOUND` (exit 5), `FORM_INVALID` (exit 3).
 */
export async function loadSchemaForm(command: ProvisioningCommand, schema: string): Promise<Form> {
  const own = Object.hasOwn(namedSchemas, schema) ? (namedSchemas[schema] as object) : undefined;
  return readForm(formOfSchema(schema, own ?? (await readData(command, schema))), schema);
}

async function readData(command: ProvisioningCommand, file: string): Promise<Record<string, unknown>> {
  const document = await readDocument(resolve(command.runtime.cwd, file));
  if (document) return document.value;
  throw notFound(file);
}

function notFound(file: string): ProvisioningError {
  return new ProvisioningError({
    code: 'FILE_NOT_FOUND',
    kind: 'not-found',
    message: `File not found: ${file}`,
  });
}

/**
 * Runs a form: given values first, then questions in the terminal or on a page; without a terminal only the given values
 * count, and missing required ones are named (exit 2).
 */
export async function runForm(
  command: ProvisioningCommand,
  empty: Form,
  input: FormInput,
): Promise<Record<string, unknown>> {
  const form = input.input === undefined ? empty : offering(empty, await readData(command, input.input));
  const given = await givenValues(command, form, input);
  if (input.backend === 'web') {
    const { askInBrowser } = await import('./web.ts');
    const { host, port } = input;
    const onReady = (url: string): void => command.out.progress(`Open ${url}`);
    return askInBrowser({ form, given, host, port, signal: command.signal, onReady });
  }
  if (!canPrompt(command.runtime) || command.globals.yes) return completed(form, given);
  const { askForm, askIfRight } = await import('@provisioning/core');
  for (let asked = form; ;) {
    const values = completed(asked, await askForm(asked, given, command.runtime, command.out.errorStyle));
    if (input.review !== true || (await askIfRight(asked, values, command.runtime, command.out.errorStyle)))
      return values;
    asked = offering(asked, values);
  }
}

/** The checked values of a form. @throws ProvisioningError `FORM_INCOMPLETE` (exit 2). */
function completed(form: Form, answers: Answers): Record<string, unknown> {
  const { values, errors } = complete(form, answers);
  if (errors.length === 0) return values;
  throw new ProvisioningError({
    code: 'FORM_INCOMPLETE',
    kind: 'usage',
    message: `The form '${form.name}' is not complete: ${errors.map(({ field }) => field).join(', ')}`,
    issues: errors.map(({ field, message }) => ({ message: `${field}: ${message}` })),
    hint: 'Give values with --set name=value or --values file',
  });
}

async function givenValues(
  command: ProvisioningCommand,
  form: Form,
  input: FormInput,
): Promise<Record<string, unknown>> {
  const values = input.values === undefined ? {} : { ...(await readData(command, input.values)) };
  for (const entry of input.set ?? []) {
    const [name = '', ...rest] = entry.split('=');
    const field = form.fields.find((candidate) => candidate.name === name);
    if (!field) {
      throw new ProvisioningError({
        code: 'UNKNOWN_FIELD',
        kind: 'usage',
        message: `Unknown field: ${name}. Known: ${form.fields.map((candidate) => candidate.name).join(', ')}`,
      });
    }
    values[name] = parseAnswer(field, rest.join('='));
  }
  return values;
}
