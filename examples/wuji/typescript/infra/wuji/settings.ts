import { defineInfrastructure } from '@provisioning/extensions-sdk';

/** The reference infrastructure: a Kubernetes cluster on UpCloud with twenty taskservs. */
const apiPort = 6443;

export default defineInfrastructure({
  settings: {
    main_name: 'wuji',
    main_title: 'Wuji: Kubernetes with storage, database and cache',
    cluster_admin_host: 'wuji-cp-01',
    cluster_admin_user: 'devadm',
    servers_wait_started: 60,
    runset: { output_format: 'yaml' },
    // Beneath every server
    server_defaults: {
      provider: 'upcloud',
      zone: 'de-fra1',
      os: 'debian-12',
      user: 'devadm',
      time_zone: 'Europe/Berlin',
      labels: 'project: wuji, managed: true',
      network: { enable_ipv6: true },
    },
  },
  network: {
    vpc: { cidr: '10.11.0.0/16' },
    subnets: ['nodes', 'data'].map((name, index) => ({ name, cidr: `10.11.${index + 1}.0/24` })),
    load_balancers: [
      {
        name: 'api',
        type: 'network',
        subnets: ['nodes'],
        targets: ['wuji-cp-01'],
        listeners: [{ port: apiPort, target_port: apiPort }],
      },
    ],
  },
  storage: { backup: { schedule: '30 2 * * *' } },
  clusters: {
    wuji: {
      description: 'The cluster itself',
      control_plane_count: 1,
      worker_count: 3,
      services: ['kubernetes', 'cilium', 'coredns', 'rook-ceph'],
    },
  },
});
