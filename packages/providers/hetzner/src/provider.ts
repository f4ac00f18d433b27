import { defineProvider } from '@provisioning/extensions-sdk';
import { HetznerConfig, HetznerServer } from './config.ts';
import { createInstance } from './instance.ts';

/** Hetzner Cloud (06 §6.4). */
export const provider = defineProvider({
  apiVersion: '2.0',
  metadata: () => ({
    name: 'hetzner',
    version: '0.1.0',
    type: 'provider',
    display_name: 'Hetzner Cloud',
    description: 'Servers, networks, volumes, load balancers, buckets and DNS of Hetzner Cloud',
    interface: 'API',
    category: 'cloud',
    capabilities: {
      server_management: true,
      network_management: true,
      storage_management: true,
      load_balancer: true,
      dns_management: true,
      auto_scaling: true,
      spot_instances: false,
      multi_region: true,
      containers: false,
      serverless: false,
      encryption_at_rest: false,
      snapshots: true,
      firewall: true,
      managed_kubernetes: false,
      managed_databases: false,
      console: false,
      compliance_certifications: ['ISO27001'],
    },
    required_auth: ['token'],
    auth_methods: ['api_key'],
    supported_os: [
      'debian-12',
      'debian-13',
      'ubuntu-22.04',
      'ubuntu-24.04',
      'rocky-9',
      'alma-9',
      'fedora-42',
    ],
    regions: ['fsn1', 'nbg1', 'hel1', 'ash', 'hil', 'sin'],
    certified: true,
  }),
  configSchema: HetznerConfig,
  serverSchema: HetznerServer,
  defaults: { server: { user: 'root', os: 'ubuntu-24.04', plan: 'cx22' } },
  init: async (context) => createInstance(context),
});
