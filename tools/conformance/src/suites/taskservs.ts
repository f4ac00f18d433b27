import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { access, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { taskservCreate } from '@provisioning/core';
import { formatReport, runTaskservConformance } from '@provisioning/extensions-sdk/conformance';
import { kitServer, TaskservBed, type TestHost } from '../../../testing/taskserv-bed.ts';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const run = promisify(execFile);

/** Real software that no Debian package has, built from its Go module and offered as its publisher does. */
interface Software {
  readonly name: string;
  readonly version: string;
  /** Program by Go package; the name in the archive may have a folder. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Shell that builds the one program `$OUT` of the module `$MODULE`, whose source is in the working folder. */
  readonly script?: { readonly module: string; readonly build: string };
  readonly config: Readonly<Record<string, unknown>>;
  readonly changed: Readonly<Record<string, unknown>>;
  readonly privileged?: boolean;
  /** Taskserv it cannot do without. */
  readonly needs?: string;
  /** Fails unless the service does its work. */
  work(host: TestHost, address: string): Promise<void>;
}

const zone = (ip: string) => ({
  zones: [{ name: 'example.test', records: [{ name: 'a.example.test', ip }] }],
});

const catalogue: readonly Software[] = [
  {
    name: 'coredns',
    version: '1.12.2',
    programs: { coredns: 'github.com/coredns/coredns' },
    config: zone('192.0.2.7'),
    changed: zone('192.0.2.8'),
    work: async (_host, address) => {
      const resolver = new Resolver({ timeout: 2000, tries: 5 });
      resolver.setServers([address]);
      const [found] = await resolver.resolve4('a.example.test');
      if (found?.startsWith('192.0.2.') !== true) throw new Error(`answers ${String(found)}`);
    },
  },
  {
    name: 'buildkit',
    version: '0.18.2',
    programs: {
      'bin/buildkitd': 'github.com/moby/buildkit/cmd/buildkitd',
      'bin/buildctl': 'github.com/moby/buildkit/cmd/buildctl',
    },
    config: { worker: 'oci' },
    changed: { worker: 'oci', worker_count: 1 },
    privileged: true,
    needs: 'runc',
    work: async (host) => {
      const said = await host.sh(`
        d=$(mktemp -d); cd "$d"; echo violet >colour; printf 'FROM scratch\\nCOPY colour /colour\\n' >Dockerfile
        buildctl --addr tcp://127.0.0.1:1234 build --frontend dockerfile.v0 --local context=. --local dockerfile=. \\
          --output type=local,dest=out >/dev/null 2>log || { cat log; exit 1; }
        cat out/colour; rm -r "$d"`);
      if (said !== 'violet\n') throw new Error(`built ${said}`);
    },
  },
  {
    name: 'gitea',
    version: '1.26.0',
    script: {
      module: 'code.gitea.io/gitea',
      build: `for part in public options templates migration; do go generate -tags bindata ./modules/$part; done
        CGO_ENABLED=1 go build -trimpath -tags 'bindata sqlite sqlite_unlock_notify' -o "$OUT" .`,
    },
    config: { title: 'Forge' },
    changed: { title: 'Other forge' },
    work: async (host, address) => {
      const user = `u${Date.now()}`;
      const login = Buffer.from(`${user}:pass-word-1`).toString('base64');
      await host.sh(`cd /; setpriv --reuid=git --regid=git --init-groups env HOME=/var/lib/gitea \\
        gitea --config /etc/gitea/app.ini admin user create --username ${user} --password pass-word-1 \\
        --email ${user}@example.test --must-change-password=false >/dev/null`);
      const answer = await fetch(`http://${address}:3000/api/v1/user/repos`, {
        method: 'POST',
        headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'colours', auto_init: true }),
      });
      if (answer.status !== 201) throw new Error(`repository: ${answer.status} ${await answer.text()}`);
      await host.sh(
        `d=$(mktemp -d); git clone -q http://${user}:pass-word-1@127.0.0.1:3000/${user}/colours.git "$d"; test -s "$d/README.md"; rm -r "$d"`,
      );
    },
  },
];

const suite: ConformanceSuite = {
  title:
    'taskservs whose software is built from Go modules: install, work, nothing twice, new setting, removal',
  async run(say) {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-conformance-taskservs-'));
    const cases: CaseResult[] = [];
    await using bed = await TaskservBed.make();
    try {
      for (const software of catalogue) {
        const name = `${software.name} ${software.version}`;
        say(`building ${name}`);
        const archive = await build(software, folder).catch((error: unknown) => error as Error);
        if (archive instanceof Error) {
          cases.push({ name, status: 'skipped', reason: `go install failed: ${firstLine(archive)}` });
          continue;
        }
        say(`installing ${name}`);
        try {
          await life(bed, software, archive);
          cases.push({ name, status: 'passed' });
        } catch (error) {
          cases.push({ name, status: 'failed', reason: firstLine(error as Error) });
        }
      }
      return { cases };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
export default suite;

const firstLine = ({ message }: Error): string => message.split('\n')[0]!;

/** The one program of a module that cannot be installed by name, as its publisher offers it. */
async function buildProgram(
  { name, version }: Software,
  { module, build }: NonNullable<Software['script']>,
  kept: string,
): Promise<Buffer> {
  const out = join(kept, name);
  if (!(await exists(out))) {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@v${version}`]);
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    const source = await mkdtemp(join(tmpdir(), 'provisioning-go-'));
    try {
      await mkdir(kept, { recursive: true });
      await run('cp', ['-r', `${Dir}/.`, source]);
      await run('chmod', ['-R', 'u+w', source]);
      const env = { ...process.env, OUT: out };
      await run('sh', ['-e', '-c', build], { cwd: source, env, maxBuffer: 1 << 24 });
    } finally {
      await rm(source, { recursive: true, force: true });
    }
  }
  return readFile(out);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The archive a publisher would offer. Built programs stay in `.bench/go`, for the next time. */
async function build(software: Software, folder: string): Promise<Buffer> {
  const { name, version, programs = {} } = software;
  const kept = join(import.meta.dirname, '..', '..', '..', '..', '.bench', 'go', `${name}-${version}`);
  if (software.script !== undefined) return buildProgram(software, software.script, kept);
  const place = join(folder, name);
  for (const [path, module] of Object.entries(programs)) {
    const program = join(kept, module.split('/').at(-1)!);
    if (!(await exists(program))) {
      const env = { ...process.env, GOBIN: kept, CGO_ENABLED: '0' };
      await run('go', ['install', `${module}@v${version}`], { env, maxBuffer: 1 << 24 });
    }
    await mkdir(join(place, path, '..'), { recursive: true });
    await run('cp', [program, join(place, path)]);
  }
  await run('tar', ['-C', place, '-czf', join(folder, `${name}.tgz`), '.']);
  return readFile(join(folder, `${name}.tgz`));
}

/** Install, work, nothing twice, a new setting, removal. */
async function life(bed: TaskservBed, software: Software, archive: Buffer): Promise<void> {
  const { name, version } = software;
  const host = await bed.host(name, {
    memory: 1024,
    ...(software.privileged === true ? { extra: { privileged: true } } : {}),
  });
  const mirror = createServer((request, response) => {
    const sum = createHash('sha256').update(archive).digest('hex');
    response.end(request.url?.endsWith('.sha256') === true ? `${sum}  ${name}-${version}.tgz\n` : archive);
  });
  await new Promise<void>((resolve) => mirror.listen(0, '0.0.0.0', resolve));
  try {
    const route = await host.sh("ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'; hostname -I");
    const [gateway = '', address = ''] = route.split('\n').map((line) => line.trim().split(' ')[0]!);
    const base = `http://${gateway}:${(mirror.address() as AddressInfo).port}`;
    const source = {
      download_url: `${base}/${name}-{version}.tgz`,
      checksum_url: `${base}/${name}-{version}.tgz.sha256`,
    };
    if (software.needs !== undefined) {
      const needed = { name: software.needs, profile: 'default', config: {} };
      await taskservCreate.run(bed.context(), { server: host.target, taskserv: needed, references: [] });
    }
    const work = () => software.work(host, address);
    const report = await runTaskservConformance({
      folder: await bed.context().extension('taskserv', name),
      life: {
        server: kitServer(bed, host, { name, version }),
        config: { ...source, ...software.config },
        probe: work,
        changed: { config: { ...source, ...software.changed }, probe: work },
        gone: `! systemctl is-active -q ${name}; ! test -e /usr/local/bin/${name}`,
      },
    });
    const lived = report.groups.at(-1)!.checks;
    if (!report.passed || lived.some(({ result }) => result === 'skipped'))
      throw new Error(formatReport(report).replaceAll('\n', '; '));
  } finally {
    mirror.close();
  }
}
