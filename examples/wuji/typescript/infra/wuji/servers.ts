import { defineServer, defineServers } from '@provisioning/extensions-sdk';

const base = ['os', 'resolv'];
const node = [...base, 'proxy', 'runc'];
/** The plans of UpCloud name their cores and memory. */
const size = (cores: number, memory: number) => ({
  plan: `${cores}xCPU-${memory}GB`,
  cores,
  memory_gb: memory,
});

const controlPlane = defineServer({
  hostname: 'wuji-cp-01',
  title: 'Control plane',
  ...size(2, 4),
  disk: 80,
  allowed_ports: [6443],
  taskservs: [
    ...node,
    'crun',
    'youki',
    'containerd',
    'crio',
    'etcd',
    'kubernetes',
    'cilium',
    'coredns',
    'webhook',
  ],
  firewall_rules: [
    { port: 22, source: '10.11.0.0/16', description: 'SSH from inside' },
    { port: '2379-2380', source: '10.11.1.0/24' },
  ],
});

const workers = defineServer({
  hostname: 'wuji-worker',
  title: 'Worker',
  ...size(4, 8),
  disk: 80 * 2,
  count: 3,
  taskservs: [...node, 'containerd', 'kubernetes', 'k8s-nodejoin', 'rook-ceph', 'mayastor'],
  storage: { additional: [{ name: 'ceph', size: '200GB', type: 'maxiops' }] },
});

const data = defineServer({
  hostname: 'wuji-data-01',
  title: 'PostgreSQL and Redis',
  ...size(4, 16),
  disk: 80 * 4,
  tags: ['data', 'cost_center=42'],
  taskservs: [
    ...base,
    { name: 'postgres', profile: 'production', config: { port: 5432 } },
    'redis',
    'podman',
    'external-nfs',
  ],
  storage: { type: 'maxiops', backups: [{ frequency: 'daily', retention_days: 7 * 2 }] },
});

export default defineServers([controlPlane, workers, data]);
