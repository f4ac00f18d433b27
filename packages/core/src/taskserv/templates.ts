import { ProvisioningError } from '@provisioning/extensions-sdk';
import Handlebars from 'handlebars';
import { shellQuote } from '../transport/index.ts';

/** Addresses of a server as templates see them. `ip` is the one other servers reach it by. */
export interface TemplateServer {
  readonly hostname: string;
  readonly ip: string;
  readonly private_ip: string;
  readonly public_ip: string;
}

export interface TemplateData {
  readonly config: Readonly<Record<string, unknown>>;
  readonly server: TemplateServer;
  readonly servers: Readonly<Record<string, TemplateServer>>;
  readonly version: string;
  readonly arch?: string;
}

/** Renders Handlebars strictly: a name that does not exist is an error, not an empty string. */
export class TemplateRenderer {
  readonly #handlebars = Handlebars.create();
  readonly #data: TemplateData;

  constructor(data: TemplateData) {
    this.#data = data;
    const address = (hostname: unknown): string => addressOf(data, String(hostname));
    this.#handlebars.registerHelper({
      address,
      // One word for a shell.
      sh: (value: unknown) => shellQuote(value === undefined || value === null ? '' : String(value)),
      json: (value: unknown) => JSON.stringify(value),
      join: (list: unknown, separator: unknown) =>
        (Array.isArray(list) ? list : []).join(typeof separator === 'string' ? separator : ' '),
      eq: (a: unknown, b: unknown) => a === b,
      ne: (a: unknown, b: unknown) => a !== b,
      and: (a: unknown, b: unknown) => Boolean(a) && Boolean(b),
      or: (a: unknown, b: unknown) => (Handlebars.Utils.isEmpty(a) ? b : a),
      not: (a: unknown) => !a,
      add: (a: unknown, b: unknown) => Number(a) + Number(b),
      // `{{get record "key"}}`: a value that may be missing.
      get: (record: unknown, key: unknown, fallback: unknown) => lookup(record, String(key), fallback),
      concat: (...parts: unknown[]) => parts.slice(0, -1).join(''),
      tab: () => '\t',
      // `{{major version}}`: 15 of 15.5.
      major: (version: unknown) => String(version).replace(/^v/, '').split('.')[0],
      // `{{minor version}}`: 15.5 of 15.5.1.
      minor: (version: unknown) => String(version).replace(/^v/, '').split('.').slice(0, 2).join('.'),
      replace: (text: unknown, from: unknown, to: unknown) =>
        String(text).replaceAll(String(from), String(to)),
    });
  }

  /** @throws ProvisioningError `TEMPLATE_INVALID` with file and line. */
  render(source: string, file: string, extra: Readonly<Record<string, unknown>> = {}): string {
    try {
      return this.#handlebars.compile(source, { strict: true, noEscape: true })({ ...this.#data, ...extra });
    } catch (error) {
      throw templateError(file, error);
    }
  }

  /** A short template inside the manifest; most are plain text. */
  text(source: string, where: string): string {
    return source.includes('{{') ? this.render(source, where) : source;
  }

  /** Whether a `when` template holds. */
  holds(source: string | undefined, where: string): boolean {
    if (source === undefined) return true;
    const text = this.text(source, where).trim();
    return text !== '' && text !== 'false';
  }
}

/** Syntax of a template without rendering it (07 §7 static). @throws ProvisioningError `TEMPLATE_INVALID`. */
export function parseTemplate(source: string, file: string): void {
  try {
    Handlebars.parse(source);
  } catch (error) {
    throw templateError(file, error);
  }
}

function addressOf(data: TemplateData, hostname: string): string {
  if (hostname === data.server.hostname) return data.server.ip;
  const server = Object.hasOwn(data.servers, hostname) ? data.servers[hostname] : undefined;
  if (server !== undefined && server.ip !== '') return server.ip;
  throw new ProvisioningError({
    code: 'SERVER_ADDRESS_UNKNOWN',
    kind: 'not-found',
    message: `The address of server '${hostname}' is not known`,
    hint:
      server === undefined
        ? 'Name a server of this infrastructure in a field that takes servers.'
        : 'Create that server first, or check that it is running.',
  });
}

function lookup(record: unknown, key: string, fallback: unknown): unknown {
  const value =
    typeof record === 'object' && record !== null && Object.hasOwn(record, key)
      ? (record as Record<string, unknown>)[key]
      : undefined;
  if (value !== undefined) return value;
  return typeof fallback === 'object' ? '' : fallback;
}

function templateError(file: string, error: unknown): ProvisioningError {
  if (error instanceof ProvisioningError) return error;
  const { message, lineNumber } = error as Error & { lineNumber?: number };
  const line = lineNumber ?? Number(/on line (\d+)/.exec(message)?.[1] ?? Number.NaN);
  return new ProvisioningError({
    code: 'TEMPLATE_INVALID',
    kind: 'configuration',
    message: `Template ${file} cannot be rendered: ${message.split('\n')[0]!.replace(/ - \d+:\d+$/, '')}`,
    location: { file, ...(Number.isNaN(line) ? {} : { line }) },
    hint: 'Names that may be missing are read with {{get record "name"}}; defaults belong into schema/config.json.',
    cause: error,
  });
}
