import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...[
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
  ],
  ...['--remote-debugging-port=0', '--remote-debugging-address=127.0.0.1'],
];

export function chromiumProgram(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
}

/** One page of a headless browser, driven over the DevTools protocol. */
export interface Page extends AsyncDisposable {
  /** Uncaught errors and what was written to the console as an error. */
  readonly errors: readonly string[];
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true in the page. */
  until(expression: string, milliseconds: number): Promise<boolean>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly result?: { readonly value?: unknown }; readonly [more: string]: unknown };
  readonly params?: Readonly<Record<string, unknown>>;
}

export async function openPage(program: string, url: string): Promise<Page> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-browser-'));
  const child = spawn(program, [...flags, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const browser = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const found = /DevTools listening on (ws:\/\/\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the browser ended: ${text.slice(-500)}`)));
  });
  const { host } = new URL(browser);
  const targets = (await (await fetch(`http://${host}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets.find(({ type }) => type === 'page')!.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.once('open', resolve));
  const waiting = new Map<number, (message: Message) => void>();
  const errors: string[] = [];
  let next = 0;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(message.params));
    if (message.method === 'Log.entryAdded') {
      const { entry } = message.params as { entry: { level: string; text: string; url?: string } };
      if (entry.level === 'error') errors.push(`${entry.text} ${entry.url ?? ''}`);
    }
  });
  const call = (method: string, params: object = {}): Promise<Message> =>
    new Promise((resolve) => {
      const id = ++next;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  for (const domain of ['Runtime', 'Log', 'Page']) await call(`${domain}.enable`);
  await call('Page.navigate', { url });
  const page: Page = {
    errors,
    async evaluate<T>(expression: string): Promise<T> {
      const { result } = await call('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      return result?.result?.value as T;
    },
    async until(expression, milliseconds) {
      const limit = Date.now() + milliseconds;
      while (Date.now() < limit) {
        if (await page.evaluate<boolean>(expression)) return true;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return false;
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return page;
}
