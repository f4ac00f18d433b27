import { ProvisioningError } from '@provisioning/extensions-sdk';
import type Handlebars from 'handlebars';
import { dateHelper, templateHelpers } from './template-functions.ts';

/** Variables of the environment that texts may name as `{{env.X}}` (08 §7.1). */
const safeVariables = ['HOME', 'USER', 'LOGNAME', 'HOSTNAME', 'LANG', 'TZ', 'SHELL', 'PWD'];

export interface RenderSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => Date;
}

let engine: Promise<typeof Handlebars> | undefined;

/** Handlebars loads when the first text is rendered. */
async function handlebars(): Promise<typeof Handlebars> {
  engine ??= import('handlebars').then(({ default: library }) => library.create());
  return engine;
}

/**
 * Renders a text. There is no HTML escaping; a variable that nobody defines is an error, not an empty string.
 * @throws ProvisioningError `TEMPLATE_RENDER` with file and line, exit 3.
 */
export async function renderText(
  source: string,
  file: string,
  values: Readonly<Record<string, unknown>>,
  surroundings: RenderSurroundings = {},
): Promise<string> {
  const library = await handlebars();
  const helpers: Record<string, (...parameters: unknown[]) => unknown> = {
    ...templateHelpers,
    date: dateHelper(surroundings.now ?? (() => new Date())),
  };
  const known = Object.fromEntries(
    Object.entries(helpers).map(([name, helper]) => [
      name,
      (...parameters: unknown[]) => helper(...parameters.slice(0, -1)),
    ]),
  );
  const env = Object.fromEntries(
    Object.entries(surroundings.env ?? {}).filter(
      ([name]) => safeVariables.includes(name) || name.startsWith('PROVISIONING_'),
    ),
  );
  try {
    const render = library.compile(source, { noEscape: true, strict: true });
    return render({ ...values, env }, { helpers: known });
  } catch (error) {
    throw renderError(error as Error & { lineNumber?: number }, source, file);
  }
}

function renderError(
  error: Error & { lineNumber?: number },
  source: string,
  file: string,
): ProvisioningError {
  const missing = /^"(.+?)" not defined/.exec(error.message)?.[1];
  const line =
    error.lineNumber ??
    Number(/on line (\d+)/.exec(error.message)?.[1] ?? lineOf(source, missing ?? '') ?? 1);
  const reason = missing === undefined ? error.message.split('\n')[0]! : `unknown variable '${missing}'`;
  return new ProvisioningError({
    code: 'TEMPLATE_RENDER',
    kind: 'configuration',
    message: `${file}:${line}: ${reason}`,
    location: { file, line },
    hint: missing === undefined ? undefined : 'Set it with --set, or give it a default in metadata.toml.',
    cause: error,
  });
}

function lineOf(source: string, name: string): number | undefined {
  const index = source.split('\n').findIndex((line) => line.includes('{{') && line.includes(name));
  return index < 0 ? undefined : index + 1;
}
