import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Surroundings } from '../config/surroundings.ts';
import { checkResourceLimits, useOf } from './company-environment.ts';
import { writeGeneratedFiles } from './generated-files.ts';
import { type LoadInfrastructureOptions, loadInfrastructure } from './load.ts';
import { renderedDefinition } from './rendered.ts';

const examples = fileURLToPath(new URL('../../../../examples', import.meta.url));
let workspace: string;
const surroundings = (): Surroundings => ({
  env: { PATH: process.env['PATH'], REGION: 'fi-hel1' },
  cwd: workspace,
  home: workspace,
  platform: 'linux',
  installation: '/opt/provisioning',
  now: () => new Date(),
});
const put = async (file: string, text: string): Promise<void> => {
  const full = path.join(workspace, 'infra/main', file);
  await mkdir(path.dirname(full), { recursive: true });
  await writeFile(full, text);
};
const load = (options: Partial<LoadInfrastructureOptions> = {}): ReturnType<typeof loadInfrastructure> =>
  loadInfrastructure({ workspacePath: workspace, infra: 'main', surroundings: surroundings(), ...options });
const messages = async (): Promise<string[]> =>
  load().then(
    () => [],
    (error: { issues: { message: string }[]; message: string }) => error.issues.map((issue) => issue.message),
  );

beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'infra-load-'));
  await mkdir(path.join(workspace, 'infra/main'), { recursive: true });
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

describe('formats', () => {
  test('05.A2 the reference infrastructure is the same JSON in TOML, YAML and TypeScript', async () => {
    const rendered = await Promise.all(
      ['toml', 'yaml', 'typescript'].map(async (format) =>
        renderedDefinition(
          await loadInfrastructure({
            workspacePath: path.join(examples, 'wuji', format),
            infra: 'wuji',
            surroundings: surroundings(),
          }),
        ),
      ),
    );
    expect(rendered[1]).toBe(rendered[0]);
    expect(rendered[2]).toBe(rendered[0]);
    const data = JSON.parse(rendered[0]!) as {
      servers: { hostname: string; memory: number }[];
      taskservs: object;
    };
    expect(data.servers.map(({ hostname, memory }) => `${hostname} ${memory}`)).toEqual([
      'wuji-cp-01 4096',
      'wuji-worker-01 8192',
      'wuji-worker-02 8192',
      'wuji-worker-03 8192',
      'wuji-data-01 16384',
    ]);
    expect(Object.keys(data.taskservs)).toHaveLength(20);
  });
});

describe('merge order', () => {
  test('defaults lie beneath the entry in their order; settings of the environment and --settings on top', async () => {
    await put(
      'settings.toml',
      'name = "x"\nprovider = "upcloud"\n[server_defaults]\nzone = "de-fra1"\ncores = 4\n[settings.runset]\nwait = false\n',
    );
    await put('defs/upcloud_defaults.yaml', 'cores: 8\nmemory_gb: 1\nzone: nowhere\n');
    await put(
      'servers.yaml',
      '- hostname: a\n- hostname: b\n  cpu_cores: 1\n  enabled: true\n- hostname: c\n  enabled: false\n',
    );
    await put('settings-dev.toml', '[settings]\nmain_title = "Dev"\n[servers.extra]\ndisk = 50\n');
    const last = path.join(workspace, 'last.toml');
    await writeFile(last, '[settings]\nservers_wait_started = 7\n');
    const infrastructure = await load({ environment: 'dev', settingsFile: last });
    expect(infrastructure.settings).toMatchObject({
      main_name: 'x',
      main_title: 'Dev',
      servers_wait_started: 7,
      runset: { wait: false, use_time: true },
    });
    expect(
      infrastructure.servers.map(({ hostname, provider, zone, cores, memory, disk }) => [
        hostname,
        provider,
        zone,
        cores,
        memory,
        disk,
      ]),
    ).toEqual([
      ['a', 'upcloud', 'de-fra1', 4, 1024, 25],
      ['b', 'upcloud', 'de-fra1', 1, 1024, 25],
      ['extra', 'upcloud', 'de-fra1', 4, 1024, 50],
    ]);
    expect(Object.isFrozen(infrastructure.servers[0])).toBe(true);
    const hurried = await load({ runningTimeout: 20 });
    expect(hurried.servers.map(({ running_timeout }) => running_timeout)).toEqual([20, 20]);
  });

  test('a map of servers: the key is the hostname; a group is N servers; state may override the count', async () => {
    await put('servers.toml', '[web]\ncount = 2\nname_pattern = "web-%d"\n[db]\n[db.custom]\nkept = true\n');
    expect((await load()).servers.map(({ hostname }) => hostname)).toEqual(['web-1', 'web-2', 'db']);
    await put('data/state.json', '{"version":1,"servers":{},"scale":{"web":3}}');
    const { servers } = await load();
    expect(servers.map(({ hostname }) => hostname)).toEqual(['web-1', 'web-2', 'web-3', 'db']);
    expect(servers[3]).toMatchObject({ custom: { kept: true } });
  });

  test('05.A19 unknown keys survive; a file written by the program is no definition', async () => {
    await put('settings.toml', 'mine = 1\n[settings]\nown = "x"\n');
    await put('settings.yaml', '# generated by provisioning\nmain_name: y\n');
    const infrastructure = await load();
    expect(infrastructure['mine']).toBe(1);
    expect(infrastructure.settings).toMatchObject({ own: 'x', main_name: 'main' });
  });

  test('expressions see the definition, the context and the process', async () => {
    await put(
      'settings.toml',
      '[settings]\nmain_title = "{{infra.name}} in {{environment}}"\nports = { web = 8080 }\n',
    );
    await put(
      'servers.toml',
      '[[servers]]\nhostname = "a"\nzone = "{{env.REGION}}"\ntitle = "{{settings.main_title}}"\nallowed_ports = ["{{settings.ports.web}}"]\n',
    );
    expect((await load({ environment: 'dev' })).servers[0]).toMatchObject({
      zone: 'fi-hel1',
      title: 'main in dev',
      allowed_ports: [8080],
    });
    await put('servers.toml', '[[servers]]\nhostname = "a"\nzone = "{{env.NOPE}}"\n');
    await expect(load()).rejects.toMatchObject({
      exitCode: 3,
      location: { line: 3, key: 'servers.0.zone' },
      message: expect.stringContaining('{{env.NOPE}}'),
    });
  });
});

describe('findings', () => {
  test('05.A5 values out of their range say so in their own words', async () => {
    await put(
      'servers.toml',
      '[[servers]]\nhostname = "a@b"\nmemory_gb = 0\ndisk_size = 5\n[[servers]]\nhostname = "c"\ndisk = 4096\ntaskservs = ["os", "os"]\n[[servers.firewall_rules]]\nport = 1\nprotocol = "gre"\n[[servers.firewall_rules]]\nport = "80-20"\n[[servers.firewall_rules]]\nport = "1-70000"\n[[servers.firewall_rules]]\nport = "8000-8100"\n',
    );
    expect((await messages()).sort()).toEqual(
      [
        "Invalid server name 'a@b': invalid characters",
        'Invalid port: 1-70000',
        'Invalid port: 80-20',
        'Invalid protocol',
        'Maximum storage is 2TB',
        'Memory must be positive',
        'Minimum storage is 10GB',
        "Taskserv 'os' is listed twice on c",
      ].sort(),
    );
  });

  test('what a project asks of every server is missed with its place', async () => {
    await put(
      'servers.toml',
      '[[servers]]\nhostname = "a"\nencrypted_storage = true\ntags = { team = "web", cost-center = "7" }\n\n[[servers]]\nhostname = "b"\ntags = ["team=db"]\n',
    );
    const compliance = { required_tags: ['team', 'cost-center'], encryption_required: true };
    const configuration = {
      get: (key: string | readonly string[]) => (key === 'compliance' ? compliance : undefined),
    };
    await expect(load({ configuration: configuration as never })).rejects.toMatchObject({
      issues: [
        {
          message: "Server 'b' lacks required tags: cost-center (compliance.required_tags)",
          location: { line: 8 },
        },
        { message: "Server 'b' needs encrypted_storage = true (compliance.encryption_required)" },
      ],
    });
  });

  test('networks: subnets inside the VPC and disjoint, targets known; the short form is expanded', async () => {
    await put(
      'network.toml',
      '[vpc]\ncidr = "10.0.0.0/16"\n[subnets]\npublic = ["10.0.1.0/24", "10.0.1.128/25"]\nprivate = ["192.168.0.0/24"]\n[[load_balancers]]\nname = "lb"\ntargets = ["nope"]\n',
    );
    expect(await messages()).toEqual([
      "Subnet 'public-2' (10.0.1.128/25) overlaps with 'public-1'",
      "Subnet 'private-1' (192.168.0.0/24) is outside the VPC 10.0.0.0/16",
      'Unknown server: nope',
    ]);
  });

  test('regions and clusters', async () => {
    await put(
      'settings.toml',
      '[regions.eu]\nservers = ["a"]\n[regions.us]\nservers = ["a"]\n[regions.replication.database]\nprimary = "mars"\n[clusters.c]\n[[clusters.c.components]]\nname = "x"\ntype = "application"\ndependencies = ["y"]\n[[clusters.c.components]]\nname = "y"\ntype = "application"\ndependencies = ["x"]\n',
    );
    await put('servers.toml', '[[servers]]\nhostname = "a"\n');
    expect(await messages()).toEqual([
      "Server 'a' is in two regions: eu and us",
      'Unknown region: mars',
      'Circular dependency detected: x → y → x',
    ]);
  });

  test('places that settings name stay in the workspace; those without effect say so', async () => {
    await symlink(tmpdir(), path.join(workspace, 'infra/main', 'away'));
    await put(
      'settings.toml',
      [
        'settings_path = "../../../etc/settings.yaml"',
        'defaults_provs_dirpath = "away"',
        'prov_data_dirpath = "../../data"',
        'created_taskservs_dirpath = "./built"',
        '[runset]',
        'output_path = "./away/results"',
        'inventory_file = "../../data/inventory.yaml"\n',
      ].join('\n'),
    );
    expect(await messages()).toEqual([
      'Path escapes its root: ../../../etc/settings.yaml',
      'Path escapes its root: away',
      'Path escapes its root: ./away/results',
    ]);
    await put('settings.toml', 'prov_data_dirpath = "../../data"\ncreated_taskservs_dirpath = "./built"\n');
    expect((await load()).warnings.map((text) => text.split(':')[0])).toEqual([
      'settings.prov_data_dirpath has no effect',
      'settings.created_taskservs_dirpath has no effect',
    ]);
  });

  test('what is generated beside a definition never replaces what somebody wrote', async () => {
    await put('settings.yaml', 'main_title: Mine\nserver_defaults:\n  admin_password: hush\n');
    const written = await readFile(path.join(workspace, 'infra/main', 'settings.yaml'), 'utf8');
    await writeGeneratedFiles(await load());
    expect(await readFile(path.join(workspace, 'infra/main', 'settings.yaml'), 'utf8')).toBe(written);
    expect(await readFile(path.join(workspace, 'infra/main', 'inventory.yaml'), 'utf8')).toContain(
      'servers: []',
    );
    await put('settings.yaml', `settings_path: resolved.yaml\n${written}`);
    await writeGeneratedFiles(await load());
    const resolved = await readFile(path.join(workspace, 'infra/main', 'resolved.yaml'), 'utf8');
    expect(resolved).toContain('main_title: Mine');
    expect(resolved).toContain('admin_password: "***"');
  });

  test('errors of modules that a definition imports are shown where they are', async () => {
    await put(
      'servers.ts',
      'import { size } from "./sizes.ts";\nexport default { servers: [{ cores: size }] };\n',
    );
    await put('sizes.ts', 'const one = 1;\nexport const size = one + other;\n');
    const at = (file: string, line: number) => ({
      code: 'EVALUATION_FAILED',
      location: { file: path.join(workspace, 'infra/main', file), line },
      issues: [{ frame: expect.stringContaining(`> ${line} | `) }],
    });
    await expect(load()).rejects.toMatchObject(at('sizes.ts', 2));
    await put('sizes.ts', 'export const one = 1;\nimport { size } from "./nowhere.ts";\nexport { size };\n');
    await expect(load()).rejects.toMatchObject(at('sizes.ts', 2));
  });

  test('a definition that is a link to nothing, or a pipe, is told, not left out', async () => {
    await symlink('nowhere', path.join(workspace, 'infra/main', 'servers.toml'));
    await expect(load()).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: expect.stringMatching(/servers\.toml: the file that the link names is not there$/),
    });
    await rm(path.join(workspace, 'infra/main', 'servers.toml'));
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [path.join(workspace, 'infra/main', 'servers.toml')]);
    await expect(load()).rejects.toMatchObject({ message: expect.stringMatching(/it is a pipe$/) });
  });

  test('rules that cut SSH off are a warning', async () => {
    await put('servers.toml', '[[servers]]\nhostname = "a"\n[[servers.firewall_rules]]\nport = 80\n');
    expect((await load()).warnings).toEqual([
      'The firewall rules of a block its SSH port 22; it could not be reached any more',
    ]);
  });
});

describe('company environments', () => {
  test('05.A12 the limits of the environment hold', async () => {
    await put('settings.toml', 'environment = "development"\n');
    await put('servers.toml', '[[servers]]\nhostname = "w"\ncount = 3\n');
    const infrastructure = await load();
    expect(infrastructure.environment).toBe('dev');
    const company = infrastructure.company_environment as never as { resource_limits: never };
    expect(company).toMatchObject({ compliance_level: 'basic', resource_limits: { max_instances: 20 } });
    const existing = { instances: 19, cores: 19, memory: 19 * 1024, disk: 190 };
    expect(() => {
      checkResourceLimits(company.resource_limits, existing, useOf(infrastructure.servers));
    }).toThrow('Resource limit exceeded: max_instances 20 (current 19, requested 3)');
  });
});
