import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Secret } from '@provisioning/extensions-sdk';
import { type CredentialSource, forHost } from '../credentials/credential.ts';
import { ImageLayout } from '../layout/layout.ts';
import { copy } from '../oci/copy.ts';
import {
  type Descriptor,
  describe as descriptorOf,
  emptyContent,
  emptyDescriptor,
} from '../oci/descriptor.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { type FakeRegistry, startFakeRegistry } from '../testing/fake-registry.ts';
import { RemoteRegistry } from './registry.ts';

let folder: string;
const open: FakeRegistry[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provisioning-hostile-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
});

async function start(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<FakeRegistry> {
  const fake = await startFakeRegistry(answer);
  open.push(fake);
  return fake;
}

const layer = randomBytes(400);
const layerDescriptor = descriptorOf('application/octet-stream', layer);
const manifest = encodeManifest({
  mediaType: mediaTypes.imageManifest,
  config: emptyDescriptor,
  layers: [layerDescriptor],
});

/** Serves one artifact honestly; `change` may answer first and returns whether it did. */
function serve(
  change: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (change(request, response)) return;
    const path = request.url ?? '';
    const send = (bytes: Uint8Array, type: string): void => {
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    };
    if (path.includes('/manifests/')) send(manifest, mediaTypes.imageManifest);
    else if (path.endsWith(layerDescriptor.digest)) send(layer, 'application/octet-stream');
    else if (path.endsWith(emptyDescriptor.digest)) send(emptyContent, 'application/octet-stream');
    else response.writeHead(404).end();
  };
}

const quick = { retryDelay: 5, timeoutSeconds: 1 };

async function pull(host: string, credentials?: CredentialSource): Promise<Descriptor> {
  const remote = new RemoteRegistry(host, {
    ...quick,
    ...(credentials === undefined ? {} : { credentials }),
  });
  try {
    return await copy(remote.repository('x'), 'v1', new ImageLayout(join(folder, 'layout')).repository());
  } finally {
    remote.close();
  }
}

/** What the layout holds: nothing half-written may ever be among it. */
async function stored(): Promise<readonly string[]> {
  return readdir(join(folder, 'layout', 'blobs', 'sha256')).catch(() => []);
}

test('an honest registry is the control', async () => {
  await expect(pull((await start(serve())).host)).resolves.toMatchObject({ size: manifest.length });
  expect(await stored()).toHaveLength(3);
});

const oversized = JSON.stringify({ schemaVersion: 2, pad: 'x'.repeat(5 * 1024 * 1024) });
const deep = `{"schemaVersion":2,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
const lies: readonly (readonly [string, string, string])[] = [
  ['no JSON', 'INVALID_MANIFEST', 'hello'],
  ['a list', 'INVALID_MANIFEST', '[]'],
  ['another schema version', 'INVALID_MANIFEST', '{"schemaVersion":1}'],
  ['a negative size', 'INVALID_MANIFEST', manifestWith({ size: -1 })],
  ['a size that is no number', 'INVALID_MANIFEST', manifestWith({ size: '400' })],
  [
    'a digest that climbs out of the folder',
    'INVALID_MANIFEST',
    manifestWith({ digest: 'sha256:../../../../etc/passwd' }),
  ],
  [
    'an unknown digest algorithm',
    'INVALID_MANIFEST',
    manifestWith({ digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' }),
  ],
  ['a media type with a line break', 'INVALID_MANIFEST', manifestWith({ mediaType: 'a/b\r\nx: y' })],
  [
    'layers and manifests at once',
    'INVALID_MANIFEST',
    '{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}',
  ],
  [
    'another type than announced',
    'INVALID_MANIFEST',
    `{"schemaVersion":2,"mediaType":"${mediaTypes.imageIndex}"}`,
  ],
  ['five megabytes', 'CONTENT_TOO_LARGE', oversized],
  ['200,000 levels', 'INVALID_MANIFEST', deep],
  ['a wrong size of its layer', 'SIZE_MISMATCH', manifestWith({ size: 399 })],
];

function manifestWith(change: Record<string, unknown>): string {
  return JSON.stringify({
    schemaVersion: 2,
    config: emptyDescriptor,
    layers: [{ ...layerDescriptor, ...change }],
  });
}

test.each(lies)('a manifest that is %s is refused: %s', async (_name, code, body) => {
  const fake = await start(
    serve((request, response) => {
      if (!request.url!.includes('/manifests/')) return false;
      response.writeHead(200, {
        'content-type': mediaTypes.imageManifest,
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
      return true;
    }),
  );
  await expect(pull(fake.host)).rejects.toMatchObject({ code });
  expect(await stored()).not.toContain(layerDescriptor.digest.slice(7));
});

test('a manifest other than the digest asked for is refused', async () => {
  const fake = await start(serve());
  const wrong = `sha256:${'0'.repeat(64)}`;
  await expect(new RemoteRegistry(fake.host).repository('x').resolve(wrong)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
});

test('layer content that differs, is too long or never ends is refused and not stored', async () => {
  const contents: readonly ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(200, { 'content-length': 400 }).end(randomBytes(400)),
    (response) => response.writeHead(200).end(randomBytes(500)),
    (response) => {
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed) response.write(randomBytes(65_536), () => setImmediate(more));
      };
      more();
    },
  ];
  for (const content of contents) {
    const fake = await start(
      serve((request, response) => {
        if (!request.url!.endsWith(layerDescriptor.digest)) return false;
        content(response);
        return true;
      }),
    );
    await expect(pull(fake.host)).rejects.toMatchObject({
      code: expect.stringMatching(/^(DIGEST|SIZE)_MISMATCH$/),
    });
    expect(await stored()).not.toContain(layerDescriptor.digest.slice(7));
  }
});

test('a transfer that is cut off at any byte is completed, or nothing of it is kept', async () => {
  for (let cut = 0; cut <= layer.length; cut += 25) {
    let times = 0;
    const fake = await start(
      serve((request, response) => {
        if (!request.url!.endsWith(layerDescriptor.digest) || times++ > 0) return false;
        response.writeHead(200, { 'content-length': layer.length });
        response.write(layer.subarray(0, cut), () => response.destroy());
        return true;
      }),
    );
    await pull(fake.host);
    expect(await stored()).toHaveLength(3);
    await rm(join(folder, 'layout'), { recursive: true });
  }
});

test('a transfer that always breaks ends with an error', async () => {
  const fake = await start(
    serve((request, response) => {
      if (!request.url!.endsWith(layerDescriptor.digest)) return false;
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 10), () => response.destroy());
      return true;
    }),
  );
  await expect(pull(fake.host)).rejects.toMatchObject({
    code: expect.stringMatching(/REGISTRY|SIZE|DIGEST/),
  });
  expect(await stored()).not.toContain(layerDescriptor.digest.slice(7));
});

test('a registry that stalls is given up on after the time-out', async () => {
  const fake = await start(() => undefined);
  const remote = new RemoteRegistry(fake.host, { ...quick, retries: 0 });
  await expect(remote.ping()).rejects.toMatchObject({
    message: `Registry ${fake.host} did not answer within 1 s`,
  });
  remote.close();
});

test('an answer that drips for ever is given up on', async () => {
  const fake = await start((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 100);
    response.on('close', () => clearInterval(timer));
  });
  const remote = new RemoteRegistry(fake.host, { ...quick, retries: 0 });
  await expect(remote.catalog()).rejects.toMatchObject({ code: 'REGISTRY_PROTOCOL' });
  remote.close();
});

test('credentials stay home when the registry redirects elsewhere', async () => {
  const thief = await start(serve());
  const fake = await start(
    serve((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
        return true;
      }
      if (!request.url!.includes('/blobs/')) return false;
      response.writeHead(307, { location: `http://${thief.host}${request.url!}` }).end();
      return true;
    }),
  );
  await pull(fake.host, forHost(fake.host, { username: 'u', password: new Secret('p') }));
  expect(thief.requests.length).toBeGreaterThan(0);
  expect(thief.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

test('a challenge of the place redirected to is not answered', async () => {
  const thief = await start((_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' }).end();
  });
  const fake = await start(
    serve((request, response) => {
      if (!request.url!.includes('/blobs/')) return false;
      response.writeHead(302, { location: `http://${thief.host}/` }).end();
      return true;
    }),
  );
  await expect(
    pull(fake.host, forHost(fake.host, { username: 'u', password: new Secret('p') })),
  ).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(thief.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
});

test('credentials are not sent to a token service of somebody else', async () => {
  const fake = await start((_request, response) => {
    response
      .writeHead(401, { 'www-authenticate': 'Bearer realm="https://tokens.example.org/t",service="s"' })
      .end();
  });
  await expect(
    pull(fake.host, forHost(fake.host, { username: 'u', password: new Secret('p') })),
  ).rejects.toMatchObject({ code: 'FOREIGN_TOKEN_SERVICE', exitCode: 4 });
});

test('bearer tokens are fetched per scope, used again, and renewed when refused', async () => {
  let tokens = 0;
  let valid = '';
  const fake = await start((request, response) => {
    const url = new URL(request.url!, 'http://x');
    if (url.pathname === '/token') {
      expect(request.headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
      expect(url.searchParams.getAll('scope')).toEqual(['repository:x:pull']);
      valid = `token-${++tokens}`;
      response.writeHead(200).end(JSON.stringify({ token: valid, expires_in: 300 }));
    } else if (request.headers.authorization === `Bearer ${valid}` && valid !== '')
      serve()(request, response);
    else {
      response
        .writeHead(401, {
          'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="s, \\"q\\"",scope="repository:x:pull"`,
        })
        .end();
    }
  });
  const credentials = forHost(fake.host, { username: 'u', password: new Secret('p') });
  const remote = new RemoteRegistry(fake.host, { ...quick, credentials }).repository('x');
  await remote.resolve('v1');
  await remote.resolve('v2');
  expect(tokens).toBe(1);
  valid = 'revoked';
  await remote.resolve('v3');
  expect(tokens).toBe(2);
});

test('5xx and 429 are tried again, with the pause the registry asks for', async () => {
  const answers = [503, 429, 502];
  const fake = await start(
    serve((_request, response) => {
      const status = answers.shift();
      if (status === undefined) return false;
      response.writeHead(status, status === 429 ? { 'retry-after': '0' } : {}).end();
      return true;
    }),
  );
  await pull(fake.host);
  expect(answers).toEqual([]);
});

test('endless pages, redirects in a circle and foreign schemes end', async () => {
  const pages = await start((request, response) => {
    const n = new URL(request.url!, 'http://x').searchParams.get('last') ?? '0';
    response.writeHead(200, { link: `</v2/x/tags/list?last=${Number(n) + 1}>; rel="next"` });
    response.end(JSON.stringify({ tags: ['a', 'b'] }));
  });
  expect(await new RemoteRegistry(pages.host).repository('x').tags()).toEqual(['a', 'b']);
  const circle = await start((request, response) =>
    response.writeHead(302, { location: request.url! }).end(),
  );
  await expect(new RemoteRegistry(circle.host).ping()).rejects.toMatchObject({ code: 'REGISTRY_PROTOCOL' });
  const file = await start((_request, response) =>
    response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  );
  await expect(new RemoteRegistry(file.host).ping()).rejects.toMatchObject({ code: 'REGISTRY_PROTOCOL' });
});

test('control characters of a registry do not reach the terminal', async () => {
  const fake = await start((_request, response) => {
    response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'X', message: '\u001b[2Jboo' }] }));
  });
  await expect(new RemoteRegistry(fake.host).repository('x').resolve('v')).rejects.toMatchObject({
    message: expect.not.stringContaining('\u001b'),
  });
});

test('a referrer list that leads back to its subject ends', async () => {
  const own = descriptorOf(mediaTypes.imageManifest, manifest);
  const fake = await start(
    serve((request, response) => {
      if (!request.url!.includes('/referrers/')) return false;
      response.writeHead(200, { 'content-type': mediaTypes.imageIndex });
      response.end(encodeManifest({ mediaType: mediaTypes.imageIndex, manifests: [own] }));
      return true;
    }),
  );
  const remote = new RemoteRegistry(fake.host).repository('x');
  const layout = new ImageLayout(join(folder, 'circle')).repository();
  await expect(copy(remote, 'v1', layout, 'v1', { referrers: true })).resolves.toMatchObject({
    digest: own.digest,
  });
});
