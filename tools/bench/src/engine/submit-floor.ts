import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

/** `<port> <file>`: answers each request once its body is synced to the file. */
const [, , port = '0', file = ''] = process.argv;
const handle = openSync(file, 'a');
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    writeSync(handle, Buffer.concat(parts));
    fdatasyncSync(handle);
    response.writeHead(202).end('{}');
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => closeSync(handle));
});
