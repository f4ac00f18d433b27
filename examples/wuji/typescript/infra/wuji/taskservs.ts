/** Configuration of the taskservs for the whole infrastructure. */
export default {
  cilium: {
    version: '1.15.0',
    hubble: true,
  },
  containerd: {
    version: '1.7.0',
    runtime_default: 'runc',
  },
  coredns: {
    port: 53,
  },
  crio: {
    runtime_default: 'crun',
  },
  crun: {
    version: '1.14',
  },
  etcd: {
    version: '3.5.0',
    members: ['wuji-cp-01'],
    data_dir: '/var/lib/etcd',
  },
  'external-nfs': {
    server: 'wuji-data-01',
    path: '/shared',
  },
  'k8s-nodejoin': {
    control_plane: 'wuji-cp-01',
  },
  kubernetes: {
    version: '1.30.0',
    cluster_name: 'wuji',
    runtime_default: 'crun',
    pod_cidr: '10.244.0.0/16',
    service_cidr: '10.96.0.0/12',
    cni: 'cilium',
  },
  mayastor: {
    io_engine: 'nvme',
  },
  os: {
    packages: ['curl', 'jq', 'nfs-common'],
    timezone: 'Europe/Berlin',
    hardening: true,
  },
  podman: {
    registries: ['docker.io', 'quay.io'],
  },
  postgres: {
    version: '16.1',
    max_connections: 200,
    shared_buffers: '4GB',
  },
  proxy: {
    no_proxy: ['10.0.0.0/8', 'localhost'],
  },
  redis: {
    maxmemory: '2gb',
    persistence: true,
  },
  resolv: {
    nameservers: ['94.237.127.9', '94.237.40.9'],
    search: ['wuji.local'],
  },
  'rook-ceph': {
    replicas: 3,
    devices: ['/dev/vdb'],
  },
  runc: {
    version: '1.1.0',
  },
  webhook: {
    url: 'https://hooks.example.com/wuji',
  },
  youki: {
    enabled: false,
  },
};
