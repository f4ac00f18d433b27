import { spawn } from 'node:child_process';
import type { ChannelConfig } from './config.ts';

export interface Notice {
  readonly type: 'release' | 'rollback';
  readonly version: string;
  readonly text: string;
  readonly urgent: boolean;
}

export interface Delivery {
  readonly channel: string;
  readonly error?: string;
}

/** Tells every channel; one that fails keeps nobody else from hearing of it (11 §6). */
export async function notify(
  channels: readonly ChannelConfig[],
  notice: Notice,
  environment: NodeJS.ProcessEnv,
): Promise<readonly Delivery[]> {
  return Promise.all(
    channels.map((channel) =>
      deliver(channel, notice, environment).then(
        (): Delivery => ({ channel: channel.name }),
        (error: unknown): Delivery => ({
          channel: channel.name,
          error: error instanceof Error ? error.message : String(error),
        }),
      ),
    ),
  );
}

async function deliver(
  channel: ChannelConfig,
  notice: Notice,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const text = `${notice.urgent ? '[urgent] ' : ''}${notice.text}`;
  if (channel.type === 'email') return mail(channel.to ?? [], text);
  const address = channel.url ?? environment[channel.url_env ?? ''];
  // The address of a chat channel is a secret, so no message ever shows it.
  if (address === undefined || address === '')
    throw new Error(`no address: set url or the variable ${channel.url_env ?? 'named in url_env'}`);
  const body = { slack: { text }, discord: { content: text }, webhook: notice }[channel.type];
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    throw new Error((error as { cause?: { code?: string } }).cause?.code ?? 'not reachable');
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`answered ${response.status}`);
}

/** Through the machine's own mail program. */
function mail(to: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sendmail', ['-i', ...to], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`sendmail ended with ${code ?? 1}`)),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(`To: ${to.join(', ')}\nSubject: ${text.split('\n')[0]!}\n\n${text}\n`);
  });
}
