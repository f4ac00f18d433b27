import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answers, complete, isVisible, parseAnswer } from './answers.ts';
import type { Form } from './definition.ts';
import { formPage } from './web-page.ts';

export interface WebFormOptions {
  readonly form: Form;
  readonly given: Answers;
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly onReady: (url: string) => void;
}

/**
 * Serves a form as a page on this machine until it is submitted (01 §11 "web"). The address carries a one-time token; a
 * busy port gives way to the next.
 */
export async function askInBrowser(options: WebFormOptions): Promise<Record<string, unknown>> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer();
  try {
    const address = await listen(server, options.host, options.port);
    const url = `http://${options.host}:${address.port}/?token=${token}`;
    return await new Promise((resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason as Error), { once: true });
      server.on('request', (request, response) => {
        handle(request, response, token, options).then((values) => {
          if (values) resolve(values);
        }, reject);
      });
      options.onReady(url);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  for (let candidate = port; ; candidate += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(candidate, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return server.address() as AddressInfo;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || candidate > port + 50) throw error;
    }
  }
}

/** Answers one request; the values of the form once it is complete. */
async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  { form, given }: WebFormOptions,
): Promise<Record<string, unknown> | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
  );
  response.setHeader('cache-control', 'no-store');
  if (!same(url.searchParams.get('token') ?? '', token)) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('The link is not valid any more.\n');
    return undefined;
  }
  if (request.method !== 'POST') {
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end(formPage(form, given, [], token));
    return undefined;
  }
  const answers = readAnswers(form, await body(request), given);
  const { values, errors } = complete(form, answers);
  if (errors.length > 0) {
    response
      .writeHead(422, { 'content-type': 'text/html; charset=utf-8' })
      .end(formPage(form, answers, errors, token));
    return undefined;
  }
  await new Promise<void>((done) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', connection: 'close' });
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

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 1_000_000) throw new Error('The form is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
