/** Receives webhooks, checks them, and drops what came before: `WEBHOOK_SECRET=… node webhook-receiver.ts [port]`. */
import { createServer } from 'node:http';
import { verifyWebhook } from '@provisioning/client/webhooks';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
const seen = new Set<string>();
const server = createServer(async (request, response) => {
  let rawBody = '';
  for await (const chunk of request) rawBody += String(chunk);
  const { valid, event, reason } = await verifyWebhook({ rawBody, headers: request.headers, secret });
  if (!valid || !event) {
    response.writeHead(401).end(reason);
    return;
  }
  // Answer first: the sender does not wait for what we do with it.
  response.writeHead(204).end();
  const delivery = String(request.headers['x-provisioning-delivery']);
  if (seen.has(delivery)) return;
  seen.add(delivery);
  console.log(`${event.event} ${JSON.stringify(event.data)}`);
});
server.listen(Number(process.argv[2] ?? 8090), '127.0.0.1', () => {
  const address = server.address();
  console.log(`Listening on ${typeof address === 'object' ? address?.port : address}`);
});
