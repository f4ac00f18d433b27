import { createHmac } from 'node:crypto';

export interface WebhookEvent {
  readonly event: string;
  readonly timestamp: string;
  readonly data: unknown;
}

/**
 * Both signatures of 13 §7: the body's field over `{"event","timestamp","data"}`, and the header over time and raw body.
 * @param secrets the first one signs; all of them are in the header, so that receivers can rotate
 * @param now seconds since the epoch
 */
export function sign(
  { event, timestamp, data }: WebhookEvent,
  secrets: readonly string[],
  now: number,
): { readonly body: string; readonly header: string | undefined } {
  const [first] = secrets;
  if (first === undefined) return { body: JSON.stringify({ event, timestamp, data }), header: undefined };
  const signature = `sha256=${hmac(first, JSON.stringify({ event, timestamp, data }))}`;
  const body = JSON.stringify({ event, timestamp, data, signature });
  const values = secrets.map((secret) => `v1=${hmac(secret, `${now}.${body}`)}`);
  return { body, header: [`t=${now}`, ...values].join(',') };
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
