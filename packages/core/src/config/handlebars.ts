import { ProvisioningError } from '@provisioning/extensions-sdk';
import Handlebars from 'handlebars';

/** Filters of the older template language that exist as helpers in all templates (02 §16). */
const helpers: Readonly<Record<string, (...parameters: unknown[]) => unknown>> = {
  upper: (text) => String(text).toUpperCase(),
  lower: (text) => String(text).toLowerCase(),
  trim: (text) => String(text).trim(),
  replace: (text, from, to) => String(text).replaceAll(String(from), () => String(to)),
  reverse: (value) => (Array.isArray(value) ? [...value].reverse() : [...String(value)].reverse().join('')),
  join: (list, separator) =>
    Array.isArray(list) ? list.join(typeof separator === 'string' ? separator : ', ') : String(list),
  length: (value) =>
    Array.isArray(value) || typeof value === 'string'
      ? value.length
      : Object.keys((value ?? {}) as object).length,
  round: (number, precision) => Number(number).toFixed(typeof precision === 'number' ? precision : 0),
  default: (value, fallback) => (value === undefined || value === null || value === '' ? fallback : value),
  not: (value) => value === undefined || value === null || value === false || value === '' || value === 0,
  eq: (left, right) => left === right,
  ne: (left, right) => left !== right,
};

/** A Handlebars of its own: no prototype access, only the helpers above. */
export function createHandlebars(): typeof Handlebars {
  const instance = Handlebars.create();
  for (const [name, helper] of Object.entries(helpers)) {
    instance.registerHelper(name, (...parameters: unknown[]) => helper(...parameters.slice(0, -1)));
  }
  // By its path, because a variable that is missing is an error where it is named.
  instance.registerHelper('orDefault', function (this: unknown, ...parameters: unknown[]) {
    const [name, fallback] = parameters;
    const value = String(name)
      .split('.')
      .reduce<unknown>(
        (inner, part) =>
          typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
            ? (inner as Record<string, unknown>)[part]
            : undefined,
        this,
      );
    return value === undefined || value === null || value === '' ? fallback : value;
  });
  return instance;
}

const shared = createHandlebars();

/**
 * Renders a template as plain text (no HTML escaping). A variable that is not defined is an error.
 * @throws ProvisioningError `HANDLEBARS_FAILED` with the line where Handlebars knows it
 */
export function renderHandlebars(
  template: string,
  context: Readonly<Record<string, unknown>>,
  file = 'template',
): string {
  try {
    return shared.compile(template, { noEscape: true, strict: true, assumeObjects: false })(context, {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
    });
  } catch (error) {
    throw new ProvisioningError({
      code: 'HANDLEBARS_FAILED',
      kind: 'configuration',
      message: `Handlebars evaluation failed: ${reason(error as Error)}`,
      location: { file, ...line(error as Error) },
      cause: error,
    });
  }
}

function reason(error: Error): string {
  const missing = /^"(.+?)" not defined in/.exec(error.message)?.[1];
  if (missing !== undefined) return `undefined variable '${missing}'`;
  const syntax = /^Parse error on line (\d+):[\s\S]*?(Expecting[\s\S]*)$/.exec(error.message);
  return syntax === null
    ? (error.message.split('\n')[0] ?? '')
    : `Parse error at line ${syntax[1]}: ${syntax[2]?.split('\n')[0]}`;
}

function line(error: Error): { line?: number } {
  const number =
    /^Parse error on line (\d+)/.exec(error.message)?.[1] ?? / - (\d+):\d+$/.exec(error.message)?.[1];
  return number === undefined ? {} : { line: Number(number) };
}
