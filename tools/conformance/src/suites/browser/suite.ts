import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningClient } from '@provisioning/client';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { startProgram } from '../api/service.ts';
import { chromiumProgram, openPage, type Page } from './chromium.ts';
import { freePort } from '../../../../testing/free-port.ts';

const root = join(import.meta.dirname, '../../../../..');
const example = join(root, 'packages/client/examples/browser-dashboard');

const suite: ConformanceSuite = {
  title: 'the example dashboard and the API description in Chromium against the server',
  async run(say) {
    const program = chromiumProgram();
    if (program === undefined) {
      return {
        cases: [{ name: 'chromium', status: 'skipped', reason: 'not installed (apt-get install chromium)' }],
      };
    }
    const bundle = execFileSync(
      join(root, 'node_modules/.bin/esbuild'),
      [join(example, 'dashboard.ts'), '--bundle', '--format=esm', '--platform=browser', '--log-level=error'],
      { encoding: 'utf8' },
    );
    say(`dashboard bundled: ${Math.round(bundle.length / 1024)} kB`);
    const html = readFileSync(join(example, 'index.html'), 'utf8');
    const site = createServer(({ url }, response) => {
      const script = url === '/dashboard.js';
      response
        .setHeader('content-type', script ? 'text/javascript' : 'text/html')
        .end(script ? bundle : html);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(site.address() as { port: number }).port}`;
    try {
      await using service = await startProgram(await freePort(), true, {
        ORCHESTRATOR_SERVER_CORS_ORIGINS: origin,
      });
      await using page = await openPage(program, `${origin}/?api=${service.url}`);
      const cases = await dashboard(page, service.url);
      await using docs = await openPage(program, `${service.url}/docs`);
      const shown = await docs.until(`document.querySelectorAll('main details[id]').length > 40`, 30_000);
      return {
        cases: [
          ...cases,
          verdict('the API description shows every operation', shown, docs),
          await describedToKnown(program, service.url),
          await onAPhone(program),
        ],
      };
    } finally {
      site.closeAllConnections();
      site.close();
    }
  },
};
export default suite;

/** Outside solo mode the description is for those who are known: the page asks for a token, again after a wrong one. */
async function describedToKnown(program: string, behind: string): Promise<CaseResult> {
  const door = createServer((request, response) => {
    const { url = '/', headers } = request;
    if (url.endsWith('/openapi.json') && headers.authorization !== 'Bearer good')
      return response.writeHead(401, { 'content-type': 'application/json' }).end('{"success":false}');
    void fetch(`${behind}${url}`).then(async (answer) =>
      response
        .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
        .end(Buffer.from(await answer.arrayBuffer())),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = door.address() as { port: number };
    await using page = await openPage(program, `http://127.0.0.1:${port}/docs`);
    const give = (token: string) =>
      page.evaluate(
        `document.getElementById('token').value = '${token}', document.querySelector('form').requestSubmit()`,
      );
    const asked = await page.until(`document.querySelector('form') !== null`, 30_000);
    await give('bad');
    const again = await page.until(
      `document.querySelector('[role=alert]')?.textContent.includes('not accepted')`,
      30_000,
    );
    await give('good');
    const shown = await page.until(`document.querySelectorAll('main details[id]').length > 40`, 30_000);
    return verdict('the API description is shown for a token', asked && again && shown, page);
  } finally {
    door.closeAllConnections();
    door.close();
  }
}

/** No page of the documentation is wider than the window of a phone; what is wide in it scrolls by itself. */
async function onAPhone(program: string): Promise<CaseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-site-'));
  const port = await freePort();
  const words = ['tools/docs/src/site.ts', '--out', folder, '--serve', '--port', String(port)];
  const server = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (part) => String(part).includes('http://') && resolve());
      server.once('exit', () => reject(new Error('the site is not served')));
    });
    await using page = await openPage(program, `http://localhost:${port}/`);
    await page.until(`document.readyState === 'complete'`, 30_000);
    const wide = await page.evaluate<string[]>(`(async () => {
      const pages = await (await fetch('search.json')).json();
      const wide = [];
      for (const { path } of pages) {
        const frame = Object.assign(document.createElement('iframe'), { width: 360, height: 640, src: path });
        const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
        document.body.append(frame);
        await loaded;
        const { scrollWidth } = frame.contentDocument.documentElement;
        if (scrollWidth > 360) wide.push(path + ' ' + scrollWidth);
        frame.remove();
      }
      return pages.length > 20 ? wide : ['only ' + pages.length + ' pages'];
    })()`);
    const name = 'the documentation fits a phone';
    return wide.length === 0
      ? verdict(name, page.errors.length === 0, page)
      : { name, status: 'failed', reason: wide.join(', ') };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function dashboard(page: Page, url: string): Promise<CaseResult[]> {
  const live = await page.until(`document.getElementById('connection').textContent === 'live'`, 30_000);
  await using client = new ProvisioningClient({ baseUrl: url });
  const marked = '<img src=x onerror=alert(1)>';
  const { taskId } = await client.submitWorkflow({
    name: `browser ${marked}`,
    version: '1.0.0',
    operations: [{ id: 'say', type: 'command', config: { command: 'echo', args: [marked] } }],
  });
  await client.waitForTaskCompletion(taskId, { pollInterval: 100 });
  const has = (list: string, text: string) =>
    page.until(`document.getElementById('${list}').textContent.includes(${JSON.stringify(text)})`, 30_000);
  const tasks = await has('tasks', 'Completed');
  const progress = await has('progress', '100%');
  const log = await has('log', marked);
  const injected = await page.evaluate<number>(`document.querySelectorAll('img').length`);
  return [
    verdict('14.A17 the dashboard connects', live, page),
    verdict('14.A17 tasks, progress and log arrive live', tasks && progress && log, page),
    verdict('text of the server stays text', injected === 0, page),
    verdict('the page has no error', page.errors.length === 0, page),
  ];
}

function verdict(name: string, good: boolean, { errors }: Page): CaseResult {
  return good
    ? { name, status: 'passed' }
    : { name, status: 'failed', reason: errors.join('; ') || 'not seen' };
}
