import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { verifyWebhook } from './webhooks.ts';

const secret = 'receiver';
const hmac = (text: string) => createHmac('sha256', secret).update(text).digest('hex');
const signed = { event: 'task.completed', timestamp: '2026-01-31T12:00:00.000Z', data: { task_id: 't' } };
const rawBody = JSON.stringify({ ...signed, signature: `sha256=${hmac(JSON.stringify(signed))}` });

test('14.A16 both forms are accepted; a changed byte and an old timestamp are not', async () => {
  const now = 1_800_000_000;
  const header = (at: number, body = rawBody) => ({
    'X-Provisioning-Signature': `t=${at},v1=${hmac(`${at}.${body}`)}`,
  });
  expect(await verifyWebhook({ rawBody, headers: header(now), secret, now })).toEqual({
    valid: true,
    event: signed,
  });
  expect(await verifyWebhook({ rawBody, headers: {}, secret, now })).toMatchObject({ valid: true });
  const changed = rawBody.replace('"t"', '"u"');
  for (const headers of [header(now), {}]) {
    expect(await verifyWebhook({ rawBody: changed, headers, secret, now })).toMatchObject({ valid: false });
  }
  expect(await verifyWebhook({ rawBody, headers: header(now - 300), secret, now })).toMatchObject({
    valid: true,
  });
  expect(await verifyWebhook({ rawBody, headers: header(now - 301), secret, now })).toEqual({
    valid: false,
    reason: 'timestamp outside tolerance',
  });
  expect(await verifyWebhook({ rawBody, headers: header(now), secret: 'other', now })).toMatchObject({
    valid: false,
  });
});
