import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { foreignSite, ProvisioningError } from '@provisioning/extensions-sdk';
import { BodyTooLarge, hasBearer, listenLocally, origin, readBody } from '../http/loopback.ts';
import { complete, type Form, readForm } from '@provisioning/core';
import { answerPage, carriesToken, newToken, refuse } from './web.ts';

export interface FormServiceOptions {
  readonly host: string;
  readonly port: number;
  /** Format the answers name as theirs. */
  readonly outputFormat: string;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

export interface FormService {
  readonly url: string;
  /** What requests carry as `Authorization: Bearer …`; another for every start. */
  readonly token: string;
  close(): void;
}

interface Rendered {
  readonly form: Form;
  /** Opens the page of this form alone, once. */
  readonly pageToken: string;
  readonly expires: number;
  output?: Record<string, unknown>;
}

type Reply = readonly [status: number, body: object];

/** Forms kept at a time; the oldest goes first. */
const limit = 100;

/** How long a form is kept, in milliseconds (04 §5.3). */
const lifetime = 60 * 60_000;

/**
 * Forms over HTTP, on this machine only (01 §11 "REST", S:11554): `POST /forms`, `POST /forms/{id}/submit`, and a page for
 * each. A form is good for one submission, within an hour. Values of password fields are never sent back.
 * @throws ProvisioningError `ADDRESS_NOT_LOCAL` (exit 2).
 */
export async function serveForms(options: FormServiceOptions): Promise<FormService> {
  const token = newToken();
  const forms = new Map<string, Rendered>();
  const { now = Date.now } = options;
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      const status = error instanceof BodyTooLarge ? 413 : 500;
      reply(response, [status, failed(error instanceof Error ? error.message : String(error))]);
    });
  });
  server.requestTimeout = 30_000;
  const port = await listenLocally(server, options.host, options.port);
  const url = origin(options.host, port);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const site = foreignSite(request.headers);
    if (site !== undefined) return reply(response, [403, failed(`not served for ${site}`)]);
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, id, submit] = /^\/forms\/([\w-]+)(\/submit)?$/.exec(pathname) ?? [];
    for (const [name, { expires }] of forms) if (expires <= now()) forms.delete(name);
    const known = id === undefined ? undefined : forms.get(id);
    if (known && submit === undefined && carriesToken(request, known.pageToken)) {
      if (known.output !== undefined) return refuse(response);
      known.output = await answerPage(request, response, {
        form: known.form,
        given: {},
        action: pageOf(id!, known),
      });
      return;
    }
    if (!hasBearer(request, token)) return reply(response, [401, failed('a bearer token is required')]);
    const route = `${request.method ?? ''} ${id === undefined ? pathname : `/forms/:id${submit ?? ''}`}`;
    if (id !== undefined && !known) return reply(response, [404, failed(`no such form: ${id}`)]);
    if (route === 'GET /forms/:id') return reply(response, [200, describe(id!, known!)]);
    if (route === 'POST /forms/:id/submit')
      return reply(response, submitted(known!, await readJson(request), options.outputFormat));
    if (route === 'POST /forms') return reply(response, await rendered(await readBody(request)));
    reply(response, [404, failed(`no such endpoint: ${request.method ?? ''} ${pathname}`)]);
  }

  async function rendered(text: string): Promise<Reply> {
    try {
      const form = readForm(await readDefinition(text), 'form');
      const id = newToken().slice(0, 12);
      const entry: Rendered = { form, pageToken: newToken(), expires: now() + lifetime };
      forms.set(id, entry);
      if (forms.size > limit) forms.delete(forms.keys().next().value!);
      return [201, describe(id, entry)];
    } catch (error) {
      const problem = error instanceof ProvisioningError ? error : undefined;
      const message = problem?.message ?? `the form cannot be read: ${String(error)}`;
      const found = (problem?.issues ?? []).map((issue) => ({
        field: issue.location?.key ?? '',
        message: issue.message,
      }));
      return invalid([{ field: problem?.location?.key ?? '', message }, ...found], 400);
    }
  }

  function describe(id: string, { form, output, pageToken }: Rendered): object {
    const fields = form.fields.map(({ name, label, type, required, placeholder }) => ({
      name,
      label,
      type,
      required,
      placeholder: placeholder ?? '',
    }));
    const head = { form_id: id, status: output === undefined ? 'rendered' : 'submitted', fields };
    return output === undefined
      ? { ...head, url: `${url}${pageOf(id, { pageToken })}` }
      : { ...head, output: withoutSecrets(form, output) };
  }

  return {
    url,
    token,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function pageOf(id: string, { pageToken }: Pick<Rendered, 'pageToken'>): string {
  return `/forms/${id}?token=${pageToken}`;
}

function submitted(entry: Rendered, given: unknown, format: string): Reply {
  if (entry.output !== undefined) return [409, failed('this form was submitted already')];
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return invalid([{ field: '', message: 'the body is not a JSON object' }]);
  const { form } = entry;
  const unknown = Object.keys(given).filter((name) => !form.fields.some((field) => field.name === name));
  const { values, errors } = complete(form, given as Record<string, unknown>);
  const all = [...unknown.map((field) => ({ field, message: `Unknown field: ${field}` })), ...errors];
  if (all.length > 0) return invalid(all);
  entry.output = values;
  const output = withoutSecrets(form, values);
  return [200, { status: 'success', validation: 'passed', output_format: format, output }];
}

/** A form as TOML or JSON, whatever the request calls it (S:11546 sends TOML as JSON). */
async function readDefinition(text: string): Promise<Record<string, unknown>> {
  if (text.trimStart().startsWith('{')) return JSON.parse(text) as Record<string, unknown>;
  const { parse } = await import('smol-toml');
  return parse(text);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readBody(request);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutSecrets(form: Form, values: Record<string, unknown>): Record<string, unknown> {
  const secret = new Set(form.fields.filter(({ type }) => type === 'password').map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secret.has(name) ? '[redacted]' : value]),
  );
}

function invalid(
  errors: readonly { readonly field: string; readonly message: string }[],
  status = 422,
): Reply {
  return [status, { status: 'error', validation: 'failed', errors }];
}

function failed(message: string): object {
  return { status: 'error', message };
}

function reply(response: ServerResponse, [status, body]: Reply): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`);
}
