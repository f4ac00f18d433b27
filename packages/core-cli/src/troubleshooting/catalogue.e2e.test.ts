import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTransports, hostError } from '@provisioning/core';
import { stopPrivateService } from '@provisioning/provider-local/engine';
import { run } from '../../test/run.ts';
import { program } from '../../test/sandbox.ts';
import { readTroubles } from './catalogue.ts';
import { freePort } from '../../../../tools/testing/free-port.ts';

const root = join(import.meta.dirname, '../../../..');
const home = mkdtempSync(join(tmpdir(), 'provisioning-trouble-'));
const environment: Record<string, string> = {
  PATH: process.env['PATH']!,
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  PROVISIONING_NONINTERACTIVE: '1',
  NO_COLOR: '1',
};
const infra = join(home, 'workspaces', 'shop', 'infra', 'main');

beforeAll(async () => {
  const port = await freePort();
  environment['ORCHESTRATOR_SERVER_PORT'] = String(port);
  mkdirSync(join(home, 'config', 'provisioning'), { recursive: true });
  writeFileSync(join(home, 'config', 'provisioning', 'config.toml'), '[orchestrator]\nauto_start = false\n');
  const made = await run(['workspace', 'init', 'shop', '--infra-name', 'main', '--activate'], {
    environment,
  });
  expect(made.code).toBe(0);
}, 60_000);
afterAll(async () => {
  await stopPrivateService({ variables: environment });
  rmSync(home, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return join(home, name);
}

/** What a command line of ours says when it fails. */
async function ours(...words: string[]): Promise<string> {
  const { code, stderr } = await run(words, { environment, cwd: home });
  expect([words, code]).not.toEqual([words, 0]);
  return stderr;
}

/** What another program says. */
function shell(line: string, options: { readonly path?: string; readonly user?: number } = {}): string {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', line], {
    cwd: '/',
    env: { ...environment, PATH: options.path ?? environment['PATH']! },
    encoding: 'utf8',
    ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
  });
  return `${stdout}${stderr}`;
}

async function thrown(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => '',
    (error: Error) => error.message,
  );
}

const host = {
  hostname: 'db-01',
  taskserv: 'postgres',
  text: '',
  output: [],
  supportedSystems: [],
  reasons: [],
};

/** Every issue of 24 §7, brought about for real, and the text it shows. */
const forced: Readonly<Record<string, () => string | Promise<string>>> = {
  installation: () => {
    mkdirSync(join(home, 'odd'), { recursive: true });
    writeFileSync(join(home, 'odd', 'uname'), '#!/bin/sh\n[ "$1" = -s ] && echo Linux || echo vax\n');
    chmodSync(join(home, 'odd', 'uname'), 0o755);
    return shell(`sh ${join(root, 'tools/build/installer/install.sh')} --user`, {
      path: `${home}/odd:${environment['PATH']!}`,
    });
  },
  'command-not-found': () => shell('PATH=/nowhere; provisioning --version'),
  'configuration-not-found': () => ours('config', 'show', '--config', join(home, 'none.toml')),
  validation: () => ours('validate', 'config', file('wrong.toml', '[http]\ntimeout = "soon"\n')),
  interpolation: () => ours('config', 'show', '--config', file('open.toml', 'x = "{{env.NOPE_NOPE}}"\n')),
  'server-creation': () => {
    writeFileSync(
      join(infra, 'servers.toml'),
      '[[servers]]\nhostname = "web-01"\nprovider = "local"\nplan = "nope"\n',
    );
    return ours('server', 'create', '--yes', '--direct');
  },
  'ssh-access': async () => {
    const transports = createTransports({ knownHostsFile: join(home, 'known_hosts'), connectTimeout: 1 });
    const key = join(home, 'key');
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const access = {
      kind: 'ssh' as const,
      host: '127.0.0.1',
      port: await freePort(),
      user: 'root',
      keyFile: key,
    };
    return thrown(transports.open(access)).finally(() => transports.close());
  },
  'taskserv-installation': () => {
    const output = shell('LC_ALL=C apt-get install --simulate no-such-package-here').split('\n');
    return hostError({ ...host, code: 'PACKAGES_FAILED', output }).message + output.join('\n');
  },
  'taskserv-not-running': () => hostError({ ...host, code: 'UNHEALTHY' }).message,
  cluster: () => ours('cluster', 'status', 'nope'),
  slow: async () => {
    const transports = createTransports({ knownHostsFile: join(home, 'known_hosts'), environment });
    const here = await transports.open({ kind: 'local' });
    return thrown(here.run('sleep 20', { timeout: 0.2 })).finally(() => transports.close());
  },
  memory: () =>
    shell(
      `'${process.execPath}' --max-old-space-size=16 -e 'const a = []; for (;;) a.push(new Array(1e5).fill(a.length))'`,
    ),
  'api-connectivity': async () =>
    ours('oci', 'tags', 'redis', '--registry', `127.0.0.1:${await freePort()}`, '--insecure'),
  decryption: async () => {
    const config = join(home, 'workspaces', 'shop', 'config');
    const encrypted = join(config, 'local-overrides.toml');
    const first = join(home, 'first.txt');
    // A key of somebody else: the file was written for it and cannot be read with ours.
    writeFileSync(first, 'AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQ55P4QF\n');
    writeFileSync(encrypted, 'age-encryption.org/v1\n-> X25519 AAAA\nBBBB\n--- CCCC\n');
    try {
      return await ours('config', 'show', 'http');
    } finally {
      rmSync(encrypted);
    }
  },
  'access-denied': () => {
    const closed = join(home, 'closed');
    mkdirSync(closed, { recursive: true, mode: 0o700 });
    chmodSync(home, 0o755);
    chmodSync(closed, 0o500);
    const user = process.getuid?.() === 0 ? 65_534 : undefined;
    return shell(`XDG_CONFIG_HOME=${closed} '${process.execPath}' '${program}' init config`, { user });
  },
  'disk-full': () => shell(`'${process.execPath}' '${program}' sc > /dev/full`),
  'service-down': () => {
    const text =
      'name = "w"\nversion = "1.0.0"\n[[operations]]\nid = "a"\ntype = "command"\nconfig = { command = "true" }\n';
    return ours('workflow', 'submit', file('w.toml', text));
  },
  oci: () => ours('oci', 'pull', `layout:${home}/layout/none:1.0.0`),
  dependencies: async () => {
    const registry = ['--registry', `layout:${home}/layout`];
    const push = async (name: string, version: string, dependencies = '{}'): Promise<void> => {
      const folder = join(home, 'extensions', version, name);
      mkdirSync(join(folder, 'schema'), { recursive: true });
      writeFileSync(join(folder, 'README.md'), `# ${name}\n`);
      writeFileSync(join(folder, 'schema/config.json'), '{"type":"object"}');
      const manifest = `name: ${name}\ntype: taskserv\nversion: ${version}\ndescription: d\nauthor: a\nlicense: MIT\n`;
      writeFileSync(join(folder, 'manifest.yaml'), `${manifest}dependencies: ${dependencies}\n`);
      expect((await run(['oci', 'push', folder, ...registry], { environment })).code).toBe(0);
    };
    await push('part', '1.0.0');
    await push('part', '2.0.0');
    await push('left', '1.0.0', '{ part: ^1 }');
    await push('right', '1.0.0', '{ part: ^2 }');
    return ours('extension', 'pull', 'left', 'right', ...registry);
  },
  workspace: () => ours('workspace', 'activate', 'nope'),
  confirmation: () => ours('workspace', 'remove', 'shop'),
};

describe('24.A13 trouble', () => {
  test.each(Object.entries(forced))(
    '24.A13 %s: the text that is really shown leads to its entry',
    async (id, force) => {
      const text = await force();
      const { stdout } = await run(['explain', '-', '--out', 'json'], { environment, stdin: text });
      const found = stdout === '' ? undefined : (JSON.parse(stdout) as { id: string }).id;
      expect([text, found]).toEqual([text, id]);
    },
    60_000,
  );

  test('24.A13 every entry is forced by a test, has a page, and names codes that exist', async () => {
    const troubles = await readTroubles();
    expect(troubles.map(({ id }) => id).sort()).toEqual(Object.keys(forced).sort());
    const sources = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/node_modules|dist\/|\.test\.ts/.test(name))
      .map((name) => readFileSync(join(root, 'packages', name), 'utf8'))
      .join('\n');
    for (const { id, match, page } of troubles) {
      expect([id, readFileSync(join(root, 'docs', `${page}.md`), 'utf8').length > 0]).toEqual([id, true]);
      for (const code of match.codes ?? [])
        if (!code.startsWith('SYSTEM_'))
          expect([id, code, sources.includes(`'${code}'`)]).toEqual([id, code, true]);
    }
  });
});
