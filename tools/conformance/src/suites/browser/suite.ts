import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { ProvisioningClient } from '@provisioning/client';
import type { CaseResult, ConformanceSuite } from '../../suite.ts';
import { startProgram } from '../api/service.ts';
import { freePort } from '../api/suite.ts';
import { chromiumProgram, openPage, type Page } from './chromium.ts';

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
      return { cases: [...cases, verdict('the API description shows every operation', shown, docs)] };
    } finally {
      site.closeAllConnections();
      site.close();
    }
  },
};
export default suite;

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
