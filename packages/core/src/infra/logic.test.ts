import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Server, makeServer } from '@provisioning/extensions-sdk';
import { decideScaling, durationOf } from './autoscale.ts';
import { checkBudget, compareOffers, costText, serverCost, infrastructureCost } from '../cost/estimate.ts';
import { renderK8sDeploy } from './kubernetes/render.ts';
import { announceSudo, fixLocalHost, hostsText, sshConfigText } from './local-hosts.ts';
import { rollOut } from './rollout.ts';
import { switchTraffic } from './traffic.ts';
import { planUpdates } from './update-plan.ts';

describe('K8sDeploy', () => {
  const base = {
    name: 'api',
    namespace: 'shop',
    create_ns: true,
    spec: { containers: [{ name: 'api', image: 'api:1', ports: [{ name: 'http', container: 8080 }] }] },
    service: { name: 'api-service', ports: [{ name: 'http', target: 8080, port: 80 }] },
  };

  test('05.A18 linkerd with nginx: annotated namespace, deployment, service, ingress; istio fields are refused there', () => {
    const manifests = renderK8sDeploy({
      ...base,
      service_mesh: 'linkerd',
      ingress_controller: 'nginx',
      ingress_config: { hosts: ['a.example.com'], cluster_issuer: 'le' },
    });
    expect(manifests.map(({ kind }) => kind)).toEqual(['Namespace', 'Deployment', 'Service', 'Ingress']);
    expect(manifests[0]).toMatchObject({ metadata: { annotations: { 'linkerd.io/inject': 'enabled' } } });
    expect(manifests[3]).toMatchObject({
      metadata: { annotations: { 'cert-manager.io/cluster-issuer': 'le' } },
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'a.example.com',
            http: { paths: [{ backend: { service: { name: 'api-service', port: { number: 80 } } } }] },
          },
        ],
      },
    });
    const istioField = { prxyVirtualService: { hosts: ['a'], matches: [] } };
    expect(() => renderK8sDeploy({ ...base, service_mesh: 'linkerd', ...istioField })).toThrow(
      'Field prxyVirtualService needs service_mesh istio, found linkerd',
    );
    const istio = renderK8sDeploy({
      ...base,
      service_mesh: 'istio',
      ...istioField,
      prxyGatewayServers: [{ port: { number: 80, protocol: 'HTTP', name: 'http' }, hosts: ['*'] }],
    });
    expect(istio.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'Deployment',
      'Service',
      'Gateway',
      'VirtualService',
    ]);
    expect(istio[4]).toMatchObject({ spec: { gateways: ['api-gateway'] } });
    expect(() =>
      renderK8sDeploy({ ...base, service_mesh: 'linkerd' }, { meshes: [], controllers: [] }),
    ).toThrow("Cluster requirements not met: service mesh 'linkerd' is not installed");
  });
});

describe('local hosts', () => {
  test('05.A9 no password: both messages, cancelled; with one the files are changed and changed back on a rerun', async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'local-hosts-'));
    try {
      const sudo = path.join(home, 'sudo');
      const say: string[] = [];
      const options = {
        home,
        platform: 'linux' as const,
        env: { PATH: `${home}:/bin:/usr/bin` },
        hostsFile: path.join(home, 'hosts'),
        interactive: false,
        say: (kind: string, text: string) => say.push(`${kind}: ${text}`),
      };
      const host = { hostname: 'web-01', ip: '10.0.0.5', user: 'admin', port: 22 };
      await writeFile(options.hostsFile, '127.0.0.1 localhost\n');
      await writeFile(
        sudo,
        '#!/bin/sh\n[ "$1" = -V ] && exit 0\necho "sudo: a password is required" >&2\nexit 1\n',
      );
      await chmod(sudo, 0o755);
      expect(await announceSudo(options)).toBe(false);
      expect(await fixLocalHost(host, options)).toBe(false);
      expect(say).toEqual([
        'warning: Sudo access required for --fix-local-hosts',
        'info: You will be prompted for your password, or press CTRL-C to cancel',
        "plain:   Tip: Run 'sudo -v' beforehand to cache credentials",
        'warning: Operation cancelled - sudo password required but not provided',
        "info: Run 'sudo -v' first to cache credentials, or run without --fix-local-hosts",
        'error: Server creation cancelled',
      ]);
      expect(await readFile(options.hostsFile, 'utf8')).toBe('127.0.0.1 localhost\n');
      await writeFile(sudo, '#!/bin/sh\n[ "$1" = -V ] && exit 0\n[ "$1" = -n ] && shift\nexec "$@"\n');
      expect(await fixLocalHost(host, options)).toBe(true);
      expect(await fixLocalHost({ ...host, ip: '10.0.0.6' }, options)).toBe(true);
      expect(await readFile(options.hostsFile, 'utf8')).toBe('127.0.0.1 localhost\n10.0.0.6 web-01\n');
      expect((await readFile(path.join(home, '.ssh/config'), 'utf8')).match(/Host web-01/g)).toHaveLength(1);
      await writeFile(sudo, '#!/bin/sh\n[ "$1" = -V ] && exit 0\necho "disk on fire" >&2\nexit 1\n');
      await expect(fixLocalHost(host, options)).rejects.toMatchObject({
        exitCode: 1,
        message: expect.stringContaining('disk on fire'),
      });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  test('only lines of that very hostname go', () => {
    expect(
      hostsText('1.1.1.1 web-01 x\n2.2.2.2 web-010\n# web-01\n', { hostname: 'web-01', ip: '3.3.3.3' }),
    ).toBe('2.2.2.2 web-010\n# web-01\n3.3.3.3 web-01\n');
    const once = sshConfigText('Host other\n', { hostname: 'a', ip: '1.1.1.1', user: 'u', port: 1 });
    expect(sshConfigText(once, { hostname: 'a', ip: '1.1.1.1', user: 'u', port: 1 })).toBe(once);
  });
});

describe('cost', () => {
  const server = (provider: string, extra: object = {}): Server =>
    makeServer({ hostname: 'a', provider, ...extra });
  const prices = [
    { plan: 'p', zone: 'z', currency: 'EUR', hourly: 0.01, monthly: 0, storage_gb_month: 0.1, ip_month: 2 },
  ];

  test('05.A20 local servers cost 0; totals stay in one currency; a missing price is marked', () => {
    const cloud = serverCost(
      server('upcloud', { storage: { additional: [{ name: 'd', size: 100 }] } }),
      'p',
      'z',
      prices,
    );
    expect(cloud).toMatchObject({
      monthly: 19.3,
      parts: { plan: 7.3, volumes: 10, public_ip: 2, backups: 0 },
    });
    const total = infrastructureCost([cloud, serverCost(server('local'), '', '', [])]);
    expect(costText(total)).toBe('19.30 EUR/month');
    expect(costText(infrastructureCost([cloud, serverCost(server('upcloud'), 'other', 'z', prices)]))).toBe(
      '≥ 19.30 EUR/month',
    );
    expect(
      compareOffers({ cores: 1, memory: 1024 }, 19.3, [
        { name: 'local', plans: [], prices: [] },
        { name: 'upcloud', plans: [{ name: 'p', cores: 2, memory_mb: 2048 }], prices },
      ]),
    ).toMatchObject([
      { provider: 'local', monthly: 0 },
      { provider: 'upcloud', plan: 'p', monthly: 7.3 },
    ]);
  });

  test('the budget warns, then refuses', () => {
    expect(checkBudget(100, { budget: 5000 })).toBeUndefined();
    expect(checkBudget(4500, { budget: 5000 })).toContain('90 %');
    expect(() => checkBudget(5210, { budget: 5000 })).toThrow('Monthly budget exceeded: 5210.00 of 5000.00');
  });
});

describe('scaling', () => {
  const rule = {
    min: 2,
    max: 10,
    targets: { cpu: 70, memory: 80 },
    upCooldown: 300_000,
    downCooldown: 600_000,
    proportional: false,
  };
  const high = { cpu: [10, 90, 90, 90], memory: [10, 10, 10] };

  test('one up above a target, one down when all is idle, cooldowns, limits, missing samples', () => {
    expect(decideScaling(rule, { current: 3, samples: high }, 0).wanted).toBe(4);
    expect(decideScaling(rule, { current: 3, lastUp: 0, samples: high }, 299_999).wanted).toBe(3);
    expect(decideScaling(rule, { current: 10, samples: high }, 0).wanted).toBe(10);
    expect(decideScaling({ ...rule, proportional: true }, { current: 4, samples: high }, 0).wanted).toBe(6);
    const low = { cpu: [10], memory: [10] };
    expect(decideScaling(rule, { current: 3, samples: low }, 0).wanted).toBe(2);
    expect(decideScaling(rule, { current: 2, samples: low }, 0).wanted).toBe(2);
    expect(decideScaling(rule, { current: 3, lastChange: 1, samples: low }, 600_000).wanted).toBe(3);
    expect(decideScaling(rule, { current: 3, samples: { cpu: [99] } }, 0)).toMatchObject({
      wanted: 3,
      warning: expect.stringContaining('memory'),
    });
    expect([durationOf('5m'), durationOf('10'), durationOf('x')]).toEqual([300_000, 10_000, undefined]);
  });
});

describe('updates', () => {
  test('05.A16 an unhealthy batch is rolled back, later ones stay untouched, a resume continues', async () => {
    const hosts = ['c', 'b', 'a'].map((name) => ({ name, controlPlane: name === 'c' }));
    const calls: string[] = [];
    let sick: string | undefined = 'a';
    const finished: string[] = [];
    const actions = {
      update: (host: { name: string }) => Promise.resolve(void calls.push(`update ${host.name}`)),
      health: (host: { name: string }) => Promise.resolve(host.name === sick ? 'down' : undefined),
      rollback: (host: { name: string }) => Promise.resolve(void calls.push(`rollback ${host.name}`)),
      done: (host: { name: string }) => Promise.resolve(void finished.push(host.name)),
    };
    const run = (): ReturnType<typeof rollOut> =>
      rollOut(hosts, actions, { targetVersion: '2', interval: 1, finished });
    await expect(run()).rejects.toMatchObject({
      exitCode: 1,
      message: 'Rolling deployment failed at batch 2: a: down',
    });
    expect(calls).toEqual(['update c', 'update a', 'rollback a']);
    sick = undefined;
    expect(await run()).toMatchObject({ strategy: 'rolling', batches: 2, status: 'completed' });
    expect(calls.slice(3)).toEqual(['update a', 'update b']);
  });

  test('05.A17 a failing health check at 50 % sets the weight back to 10', async () => {
    const weights: number[] = [];
    const endpoint = {
      kind: 'load-balancer' as const,
      setWeight: (percent: number) => Promise.resolve(void weights.push(percent)),
    };
    const health = (): Promise<string | undefined> =>
      Promise.resolve(weights.at(-1) === 50 ? 'green is down' : undefined);
    await expect(
      switchTraffic(endpoint, { from: 'blue', to: 'green', interval: 1, health }),
    ).rejects.toMatchObject({ exitCode: 1 });
    expect(weights).toEqual([10, 50, 10]);
    await expect(switchTraffic(undefined, { from: 'a', to: 'b', health })).rejects.toThrow(
      "No switchable endpoint between 'a' and 'b'",
    );
  });

  test('the update plan sorts by risk, then dependency', () => {
    const plan = planUpdates([
      { name: 'postgres', current: '15.5', latest: '16.1', minutes: 10 },
      { name: 'kubernetes', current: '1.29.0', latest: '1.30.0', minutes: 15 },
      { name: 'cilium', current: '1.14.5', latest: '1.15.0', minutes: 5 },
      { name: 'containerd', current: '1.7.0', latest: '1.7.0' },
    ]);
    expect(plan.phases.map(({ updates }) => updates.map(({ name }) => name))).toEqual([
      ['containerd'],
      ['cilium'],
      ['postgres', 'kubernetes'],
    ]);
    expect(plan).toMatchObject({ order: ['cilium', 'postgres', 'kubernetes'], total_minutes: 30 });
  });
});
