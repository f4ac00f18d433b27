import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { kubernetesPackages } from '../../../tools/testing/kubernetes-packages.ts';
import { PackageMirror } from '../../../tools/testing/package-mirror.ts';
import { CliBed } from '../src/testing/cli-bed.ts';

/**
 * Kubernetes on two real servers, with the real containerd, etcd and Docker of Debian. Kubernetes' own packages come
 * from a mirror that serves packages of the same shape, as do its scripts' command lines. The tests build on each other.
 */
let bed: CliBed;
const mirror = new PackageMirror();

const server = (name: string): string =>
  `[[servers]]\nhostname = "${name}"\nprovider = "local"\nos = "debian-12"\nmemory = 2048\nlocal = { privileged = true }\n`;
const servers = ['cp-01', 'node-01', 'node-02'].map(server).join('');

beforeAll(async () => {
  for (const version of ['1.28.0', '1.29.1']) {
    const [major, minor] = version.split('.');
    mirror.add(`/v${major}.${minor}/deb`, kubernetesPackages(version));
  }
  bed = await CliBed.make(servers, { servers: true });
  await must('deploy --yes --direct');
  const route = await bed.sh('cp-01', "ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'");
  const base = await mirror.serve(route.trim());
  await bed.define(
    `${servers}[taskservs.kubernetes]\npackage_repository = "${base}"\n` +
      'nodes = { control_plane = ["cp-01"], workers = ["node-01"] }\n' +
      '[taskservs.containerd]\nsnapshotter = "native"\n[taskservs.docker]\nstorage_driver = "vfs"\n',
  );
}, 300_000);

jest.setTimeout(300_000);

afterAll(async () => {
  await mirror[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

async function must(line: string): Promise<string> {
  const { code, stdout, stderr } = await bed.cli(line);
  if (code !== 0) throw new Error(`${line}: exit ${code}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

const log = (): Promise<string> => bed.sh('cp-01', 'cat /var/lib/kubeadm/log');

test('07.A4 docker runs, then kubernetes: a conflict that names the host; --force warns', async () => {
  await must('taskserv create docker cp-01 --direct');
  expect(await bed.sh('cp-01', 'docker info --format "{{.ServerVersion}}"')).toMatch(/^\d+\.\d+/);
  const refused = await bed.cli('taskserv create kubernetes cp-01 --direct');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Conflict: kubernetes conflicts with docker on cp-01');
  const forced = await must('taskserv create kubernetes cp-01 --force --direct');
  expect(forced).toContain('warning: Conflict: kubernetes conflicts with docker on cp-01');
  expect(forced).toContain('Installed kubernetes on cp-01');
  expect(await bed.sh('cp-01', 'systemctl is-active docker containerd etcd kubelet')).toBe(
    'active\nactive\nactive\nactive\n',
  );
  await must('taskserv delete docker cp-01 --yes --direct');
});

test('07 §5 kubernetes: workers join with a token of the control plane, its key is kept here', async () => {
  const created = await must('taskserv create kubernetes --direct');
  expect(created).toContain('Installed kubernetes, k8s-nodejoin on cp-01, node-01');
  expect(await bed.sh('node-01', 'cat /etc/kubernetes/kubelet.conf')).toBe('joined\n');
  expect(await bed.sh('cp-01', 'cat /var/lib/kubeadm/nodes')).toBe('node-01\n');
  const token = (await bed.sh('cp-01', 'tail -n 1 /var/lib/kubeadm/www/tokens')).trim();
  expect(token).toMatch(/^[0-9a-f]{6}\.[0-9a-f]{16}$/);
  expect(created).not.toContain(token);
  expect(await bed.sh('node-01', `grep -rl ${token} /etc /run /var/log || true`)).toBe('');
  const kubeconfig = join(bed.infra, 'data', 'kubeconfig');
  expect(await readFile(kubeconfig, 'utf8')).toMatch(/^server: https:\/\/10\./);
  expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600);
  const before = await log();
  expect(await must('taskserv create kubernetes --direct')).toContain('already installed on cp-01, node-01');
  expect(await log()).toBe(before);
});

test('07.A8 delete containerd is refused while kubernetes needs it', async () => {
  const refused = await bed.cli('taskserv delete containerd cp-01 --yes --direct');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("Taskserv 'containerd' is required by: kubernetes");
  expect(await bed.sh('cp-01', 'systemctl is-active containerd')).toBe('active\n');
});

test('07.A12 07.A13 one minor version at a time, and not beside what it depends on', async () => {
  const refused = await bed.cli('taskserv update kubernetes cp-01 --version 1.30 --direct');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('Kubernetes must be updated one minor version at a time');
  const beside = await bed.cli(
    'taskserv update --taskservs kubernetes,containerd --servers cp-01 --parallel --direct',
  );
  expect(beside.code).toBe(2);
  expect(beside.stderr).toContain('Cannot update in parallel: kubernetes depends on containerd');
  expect(await bed.sh('cp-01', "dpkg-query -W -f '${Version}' kubelet")).toBe('1.28.0-1.1');

  await must('taskserv update kubernetes cp-01 --version 1.29.1 --direct');
  await must('taskserv update k8s-nodejoin node-01 --version 1.29.1 --direct');
  for (const name of ['cp-01', 'node-01'])
    expect(await bed.sh(name, "dpkg-query -W -f '${Version}' kubelet")).toBe('1.29.1-1.1');
  expect((await log()).split('\n')).toEqual(
    expect.arrayContaining([
      'upgrade apply --yes v1.29.1',
      'kubectl uncordon cp-01',
      'kubectl drain node-01 --ignore-daemonsets --delete-emptydir-data --timeout 300s',
    ]),
  );
});

test('07 §6 scale: a worker more, and back to one; what runs there is moved first', async () => {
  const more = await must('taskserv scale kubernetes --nodes 2 --direct');
  expect(more).toContain('Installed k8s-nodejoin on node-02');
  expect(await bed.sh('cp-01', 'cat /var/lib/kubeadm/nodes')).toContain('node-02');
  expect(await must('taskserv scale kubernetes --nodes 2 --direct')).toContain('Nothing to do');
  const few = await bed.cli('taskserv scale kubernetes --nodes 5 --direct');
  expect(few.code).toBe(1);
  expect(few.stderr).toContain('k8s-nodejoin on 5 servers needs 3 more, found 0');
  const less = await must('taskserv scale kubernetes --nodes 1 --yes --direct');
  expect(less).toContain('k8s-nodejoin on 1 servers; removed from node-02');
  expect(await bed.sh('node-02', 'test -e /etc/kubernetes/kubelet.conf || echo left')).toBe('left\n');
  expect((await log()).split('\n')).toContain('kubectl delete node node-02');
  expect((await bed.cli('taskserv scale postgres --nodes 2')).stderr).toContain(
    "Taskserv 'postgres' is not made for a changing number of servers",
  );
});
