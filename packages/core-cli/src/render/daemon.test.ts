import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RenderDaemon, startRenderDaemon } from './daemon.ts';

let daemon: RenderDaemon;
const url = (path: string): string => `http://127.0.0.1:${daemon.address.port}${path}`;
const render = (body: unknown): Promise<Response> =>
  fetch(url('/config/render'), {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const get = async (path: string): Promise<Record<string, unknown>> =>
  (await fetch(url(path))).json() as Promise<Record<string, unknown>>;

beforeEach(async () => {
  daemon = await startRenderDaemon({ version: '0.1.0', env: { PATH: '' }, bind: '127.0.0.1:0' });
});
afterEach(() => daemon.close());

describe('render daemon', () => {
  test('02.A11 the second render comes from the cache; a syntax error is an answer; invalid JSON is refused', async () => {
    const body = { language: 'hbs', content: 'Hello {{upper name}}', context: { name: 'ada' } };
    expect(await (await render(body)).json()).toMatchObject({
      rendered: 'Hello ADA',
      error: null,
      language: 'handlebars',
    });
    const second = (await (await render(body)).json()) as { rendered: string; execution_time_ms: number };
    expect(second.rendered).toBe('Hello ADA');
    expect(second.execution_time_ms).toEqual(expect.any(Number));
    expect(await get('/config/stats')).toMatchObject({
      total_renders: 2,
      handlebars_renders: 2,
      handlebars_cache_hits: 1,
    });
    const broken = await render({ language: 'handlebars', content: '{{#if}', context: {} });
    expect(broken.status).toBe(200);
    expect(await broken.json()).toMatchObject({
      rendered: null,
      error: expect.stringContaining('Handlebars evaluation failed: Parse error at line 1'),
    });
    expect((await render('{')).status).toBe(400);
    await fetch(url('/config/stats/reset'), { method: 'POST' });
    expect(await get('/config/stats')).toMatchObject({ total_renders: 0 });
  });

  test('undefined variables, unknown languages, missing binaries, large bodies', async () => {
    expect(await (await render({ language: 'handlebars', content: '{{x}}' })).json()).toMatchObject({
      error: "Handlebars evaluation failed: undefined variable 'x'",
    });
    expect((await render({ language: 'cobol', content: '' })).status).toBe(400);
    expect((await render({ language: 'hbs' })).status).toBe(400);
    expect((await render({ language: 'hbs', content: '', context: [] })).status).toBe(400);
    expect(await (await render({ language: 'nickel', content: '{}' })).json()).toMatchObject({
      error: 'Nickel binary not found in PATH. Install Nickel or set NICKEL_PATH environment variable',
      execution_time_ms: 0,
    });
    expect((await render({ language: 'hbs', content: 'x'.repeat(1_100_000) })).status).toBe(413);
    expect(await (await render({ language: 'ts', content: 'export default 1' })).json()).toMatchObject({
      error: expect.stringContaining('allow_typescript'),
    });
    expect(await get('/health')).toMatchObject({ status: 'healthy' });
  });

  test('Tera templates are converted, what has no counterpart is named', async () => {
    const content =
      '{# note #}{% for k, v in tags %}{{ k }}={{ v | upper }};{% endfor %}{% if not off %}{{ name | default(value="x") }}{% else %}no{% endif %}';
    expect(
      await (await render({ language: 'tera', content, context: { tags: { a: 'b' }, off: false } })).json(),
    ).toMatchObject({ rendered: 'a=B;x', error: null });
    expect(await (await render({ language: 'tera', content: '{% macro a() %}' })).json()).toMatchObject({
      error: 'Tera construct not supported: macro a()',
    });
  });

  test('without a token, pages of other sites are refused', async () => {
    const page = { headers: { origin: 'https://pages.example.org' } };
    expect((await fetch(url('/config/stats'), page)).status).toBe(403);
    expect((await fetch(url('/config/stats'))).status).toBe(200);
  });

  test('an address others can reach needs a token', async () => {
    await expect(startRenderDaemon({ version: '1', env: {}, bind: '0.0.0.0:0' })).rejects.toMatchObject({
      code: 'RENDER_TOKEN_REQUIRED',
    });
    const guarded = await startRenderDaemon({ version: '1', env: {}, bind: '127.0.0.1:0', token: 'secret' });
    try {
      const address = `http://127.0.0.1:${guarded.address.port}/config/stats`;
      expect((await fetch(address)).status).toBe(401);
      expect((await fetch(address, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});
