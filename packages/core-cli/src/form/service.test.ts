import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { type FormService, serveForms } from './service.ts';

const definition = `
name = "server"

[[fields]]
name = "server_name"
label = "Server Name"
required = true
placeholder = "web-01"
validation_pattern = "[a-z0-9-]+"

[[fields]]
name = "cpu_cores"
type = "number"
min = 1
max = 32
default = 2

[[fields]]
name = "password"
type = "password"
required = true
`;

interface Reply {
  readonly form_id: string;
  readonly status: string;
  readonly url: string;
  readonly output: Record<string, unknown>;
  readonly fields: readonly object[];
  readonly errors: readonly { readonly field: string; readonly message: string }[];
}

describe('forms over HTTP (01 §11)', () => {
  let service: FormService;
  let time = 0;
  beforeAll(async () => {
    service = await serveForms({ host: '127.0.0.1', port: 0, outputFormat: 'nickel', now: () => time });
  });
  afterAll(() => service.close());

  const call = async (path: string, body?: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${service.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body }),
      headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, body: (await response.json()) as Reply };
  };

  test('POST /forms renders, /submit checks and answers the values, once; a secret is never sent back', async () => {
    const made = await call('/forms', definition);
    expect(made).toMatchObject({ status: 201, body: { status: 'rendered' } });
    expect(made.body.fields).toEqual([
      { name: 'server_name', label: 'Server Name', type: 'text', required: true, placeholder: 'web-01' },
      { name: 'cpu_cores', label: 'cpu_cores', type: 'number', required: false, placeholder: '' },
      { name: 'password', label: 'password', type: 'password', required: true, placeholder: '' },
    ]);
    const submit = `/forms/${made.body.form_id}/submit`;
    const wrong = await call(
      submit,
      '{"server_name": "Web 1", "cpu_cores": 64, "password": "s3cret", "x": 1}',
    );
    expect(wrong).toMatchObject({ status: 422, body: { status: 'error', validation: 'failed' } });
    expect(wrong.body.errors.map(({ field }) => field)).toEqual(['x', 'server_name', 'cpu_cores']);
    expect(JSON.stringify(wrong.body)).not.toContain('s3cret');
    expect(await call(submit, '{"server_name": "web-01", "password": "s3cret"}')).toEqual({
      status: 200,
      body: {
        status: 'success',
        validation: 'passed',
        output_format: 'nickel',
        output: { server_name: 'web-01', cpu_cores: 2, password: '[redacted]' },
      },
    });
    expect((await call(submit, '{"server_name": "web-02", "password": "other"}')).status).toBe(409);
    const kept = await call(`/forms/${made.body.form_id}`);
    expect(kept.body).toMatchObject({ status: 'submitted', output: { server_name: 'web-01' } });
    expect(JSON.stringify(kept.body)).not.toContain('s3cret');
  });

  test('a form has a page whose link is good for one submission', async () => {
    const { body } = await call('/forms', JSON.stringify({ fields: [{ name: 'host', required: true }] }));
    const page = await fetch(body.url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('name="host"')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const send = (host: string) =>
      fetch(body.url, { method: 'POST', body: new URLSearchParams({ host }) }).then(({ status }) => status);
    expect([await send(''), await send('db-01'), await send('db-02')]).toEqual([422, 200, 403]);
    expect((await fetch(body.url)).status).toBe(403);
    expect((await call(`/forms/${body.form_id}`)).body).toMatchObject({
      status: 'submitted',
      output: { host: 'db-01' },
    });
  });

  test('04 §5.3 a form is kept for an hour', async () => {
    const { body } = await call('/forms', definition);
    time += 60 * 60_000 - 1;
    expect((await call(`/forms/${body.form_id}`)).status).toBe(200);
    time += 1;
    expect((await call(`/forms/${body.form_id}`)).status).toBe(404);
    expect((await fetch(body.url)).status).not.toBe(200);
  });

  test('what is wrong has a status: no token, another name, no form, an unreadable or wrong form, too much', async () => {
    const open = await fetch(`${service.url}/forms`, { method: 'POST', body: definition });
    expect([open.status, await open.text()]).toEqual([401, expect.not.stringContaining(service.token)]);
    expect((await call('/forms', definition, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(await statusFor('forms.example.com')).toBe(403);
    expect((await call('/forms/nope/submit', '{}')).status).toBe(404);
    expect((await call('/nothing')).status).toBe(404);
    expect((await call('/forms', '{not json')).status).toBe(400);
    const wrong = await call('/forms', '[[fields]]\nname = "a"\ntype = "colour"\n');
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: 'a' }] } });
    expect((await call('/forms', '#'.repeat(1024 * 1024 + 1))).status).toBe(413);
  });

  /** Status of a request that reaches this machine under another name, as a page elsewhere could arrange. */
  function statusFor(host: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${service.token}` };
      request(`${service.url}/forms`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  }
});
