import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { TestService } from './service.fixture.ts';

/** A WebSocket client that remembers what it got. */
export class SocketClient {
  readonly socket: WebSocket;
  /** Tests look into frames of every shape. */
  readonly frames: any[] = [];

  constructor(service: TestService, query = '', headers: Record<string, string> = {}, path = '/ws') {
    this.socket = new WebSocket(`${service.url.replace('http', 'ws')}${path}${query}`, 'provisioning.v1', {
      headers,
    });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    this.socket.on('error', () => undefined);
  }

  get events(): any[] {
    return this.frames.flatMap((frame) =>
      frame.type === 'batch' ? frame.events : frame.event_type ? [frame] : [],
    );
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async until(test: (client: SocketClient) => boolean, limit = 60_000): Promise<void> {
    const end = Date.now() + limit;
    while (!test(this)) {
      if (Date.now() > end) throw new Error(`not seen: ${JSON.stringify(this.frames).slice(0, 1000)}`);
      await sleep(5);
    }
  }

  async answer(frame: unknown): Promise<any> {
    const before = this.frames.length;
    this.send(frame);
    await this.until(({ frames }) => frames.length > before);
    return this.frames[before];
  }
}
