/** Checks what an orchestrator's webhook brought (13 §7). Works where the Web Crypto API is: Node.js and browsers. */

export interface WebhookMessage {
  /** The body, byte for byte as it came. */
  readonly rawBody: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly secret: string;
  /** Seconds that the signed time may be off; default 300. */
  readonly tolerance?: number;
  /** Seconds since the epoch; default now. */
  readonly now?: number;
}

export interface WebhookEvent {
  readonly event: string;
  readonly timestamp: string;
  readonly data: unknown;
}

export interface WebhookVerdict {
  readonly valid: boolean;
  readonly event?: WebhookEvent;
  readonly reason?: string;
}

/** The header's signature is checked where there is one, else the body's own field. Comparison takes constant time. */
export async function verifyWebhook(message: WebhookMessage): Promise<WebhookVerdict> {
  const { rawBody, secret } = message;
  let parsed: WebhookEvent & { signature?: unknown };
  try {
    parsed = JSON.parse(rawBody) as typeof parsed;
  } catch {
    return { valid: false, reason: 'body is not JSON' };
  }
  const { event, timestamp, data, signature } = parsed;
  const header = headerOf(message.headers);
  if (header !== undefined) {
    const parts = header.split(',').map((part) => part.trim());
    const time = parts.find((part) => part.startsWith('t='))?.slice(2) ?? '';
    const now = message.now ?? Math.floor(Date.now() / 1000);
    if (!(Math.abs(now - Number(time)) <= (message.tolerance ?? 300))) {
      return { valid: false, reason: 'timestamp outside tolerance' };
    }
    const expected = await hmac(secret, `${time}.${rawBody}`);
    const given = parts.filter((part) => part.startsWith('v1=')).map((part) => part.slice(3));
    const valid = given.map((value) => equal(value, expected)).includes(true);
    return valid
      ? { valid, event: { event, timestamp, data } }
      : { valid, reason: 'signature does not match' };
  }
  if (typeof signature !== 'string') return { valid: false, reason: 'no signature' };
  const expected = `sha256=${await hmac(secret, JSON.stringify({ event, timestamp, data }))}`;
  const valid = equal(signature, expected);
  return valid ? { valid, event: { event, timestamp, data } } : { valid, reason: 'signature does not match' };
}

function headerOf(headers: WebhookMessage['headers']): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === 'x-provisioning-signature')
      return Array.isArray(value) ? value.join(',') : String(value);
  }
  return undefined;
}

async function hmac(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await globalThis.crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'sign',
  ]);
  const bytes = new Uint8Array(await globalThis.crypto.subtle.sign('HMAC', key, encoder.encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function equal(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < b.length; index++)
    difference |= (a.charCodeAt(index) || 0) ^ b.charCodeAt(index);
  return difference === 0;
}
