import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface NpmRegistry {
  readonly url: string;
  /** Packs a folder as npm does and serves it. */
  publish(folder: string, into: string): Promise<void>;
  close(): Promise<void>;
}

/** The read side of an npm registry: what `npm view`, `npm pack` and `npm ci` ask for, with real packages of npm's own. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const documents = new Map<string, { versions: Record<string, unknown> }>();
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.split('?')[0]!.slice(1));
    const file = files.get(path);
    const document = documents.get(path);
    if (file !== undefined) response.end(file);
    else if (document !== undefined) response.end(JSON.stringify(document));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    async publish(folder, into) {
      const { stdout } = await run(
        'npm',
        ['pack', '--json', '--ignore-scripts', '--pack-destination', into],
        { cwd: folder },
      );
      const [{ filename, name, version }] = JSON.parse(stdout) as [
        { filename: string; name: string; version: string },
      ];
      const bytes = await readFile(join(into, filename));
      const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
      const at = `${name}/-/${filename}`;
      files.set(at, bytes);
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      const shasum = createHash('sha1').update(bytes).digest('hex');
      const versions = {
        ...documents.get(name)?.versions,
        [version]: { ...manifest, dist: { tarball: `${url}${at}`, integrity, shasum } },
      };
      documents.set(name, { name, versions, 'dist-tags': { latest: version } } as never);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
