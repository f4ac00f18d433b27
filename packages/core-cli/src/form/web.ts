import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { listenLocally, origin, readBody, sameSecret } from '../http/loopback.ts';
import { type Answers, complete, isVisible, parseAnswer, type Form } from '@provisioning/core';
import { formPage } from './web-page.ts';

export interface WebFormOptions {
  readonly form: Form;
  readonly given: Answers;
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly onReady: (url: string) => void;
  /** How long the page waits for somebody, in milliseconds; default 30 minutes (04 §5.2). */
  readonly patienceMs?: number;
}

/**
 * Serves a form as a page on this machine until it is submitted (01 §11 "web"). The address carries a one-time token; a
 * busy port gives way to the next.
 * @throws ProvisioningError `ADDRESS_NOT_LOCAL` (exit 2).
 */
export async function askInBrowser(options: WebFormOptions): Promise<Record<string, unknown>> {
  const token = newToken();
  const server = createServer();
  let patience: NodeJS.Timeout | undefined;
  try {
    const port = await listenLocally(server, options.host, options.port);
    const action = `/?token=${token}`;
    return await new Promise((resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason as Error), { once: true });
      patience = setTimeout(() => reject(unanswered()), options.patienceMs ?? 30 * 60_000);
      server.on('request', (request, response) => {
        const { form, given } = options;
        if (!carriesToken(request, token)) return refuse(response);
        answerPage(request, response, { form, given, action }).then(
          (values) => values && resolve(values),
          reject,
        );
      });
      options.onReady(`${origin(options.host, port)}${action}`);
    });
  } finally {
    clearTimeout(patience);
    server.closeAllConnections();
    server.close();
  }
}

function unanswered(): ProvisioningError {
  return new ProvisioningError({
    code: 'FORM_UNANSWERED',
    message: 'Nobody submitted the page of the form in time; nothing was written',
    hint: 'Run the command again for a new link',
  });
}

/** A token that nobody guesses. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Whether the address of a request ends with the token. */
export function carriesToken(request: IncomingMessage, token: string): boolean {
  return sameSecret(new URL(request.url ?? '/', 'http://localhost').searchParams.get('token') ?? '', token);
}

/** Answers a request whose token is wrong or spent. */
export function refuse(response: ServerResponse): void {
  response
    .writeHead(403, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
    .end('The link is not valid any more.\n');
}

export interface Page {
  readonly form: Form;
  readonly given: Answers;
  /** Address the page sends its values to. */
  readonly action: string;
}

/** Shows the page, or takes its values; the values of the form once it is complete. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  { form, given, action }: Page,
): Promise<Record<string, unknown> | undefined> {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  );
  response.setHeader('cache-control', 'no-store');
  response.setHeader('referrer-policy', 'no-referrer');
  const html = { 'content-type': 'text/html; charset=utf-8' };
  if (request.method !== 'POST') {
    response.writeHead(200, html).end(formPage(form, given, [], action));
    return undefined;
  }
  const answers = readAnswers(form, await readBody(request), given);
  const { values, errors } = complete(form, answers);
  if (errors.length > 0) {
    response.writeHead(422, html).end(formPage(form, answers, errors, action));
    return undefined;
  }
  await new Promise<void>((done) => {
    response.writeHead(200, { ...html, connection: 'close' });
    response.end('<!doctype html><title>Done</title><p>Thank you. You can close this page.</p>', () =>
      done(),
    );
  });
  return values;
}

function readAnswers(form: Form, text: string, given: Answers): Record<string, unknown> {
  const sent = new URLSearchParams(text);
  const answers: Record<string, unknown> = { ...given };
  for (const field of form.fields) {
    if (field.type === 'confirm') answers[field.name] = sent.get(field.name) === 'true';
    else if (field.type === 'multiselect') answers[field.name] = sent.getAll(field.name);
    else if (sent.has(field.name)) answers[field.name] = parseAnswer(field, sent.get(field.name)!);
  }
  for (const field of form.fields) if (!isVisible(field, answers)) answers[field.name] = undefined;
  return answers;
}
