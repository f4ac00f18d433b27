import { defineProvider } from '@provisioning/extensions-sdk';
import { BaremetalConfig, BaremetalServer } from './config.ts';
import { createInstance } from './instance.ts';

/** Machines of one's own (06 §6.5). */
export const provider = defineProvider({
  apiVersion: '2.0',
  metadata: () => ({
    name: 'baremetal',
    version: '0.1.0',
    type: 'provider',
    display_name: 'Bare metal',
    description: 'Machines of your own from an inventory, adopted and released',
    interface: 'API',
    category: 'baremetal',
    capabilities: {
      server_management: 'adopt',
      network_management: false,
      storage_management: false,
      load_balancer: false,
      dns_management: false,
      auto_scaling: false,
      spot_instances: false,
      multi_region: true,
      containers: false,
      serverless: false,
      encryption_at_rest: false,
      snapshots: false,
      firewall: false,
      managed_kubernetes: false,
      managed_databases: false,
      console: false,
      compliance_certifications: [],
    },
    required_auth: [],
    auth_methods: ['ssh'],
    supported_os: ['any'],
    regions: [],
    certified: true,
  }),
  configSchema: BaremetalConfig,
  serverSchema: BaremetalServer,
  defaults: { server: {} },
  init: async (context) => createInstance(context),
});
