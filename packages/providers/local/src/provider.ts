import { defineProvider } from '@provisioning/extensions-sdk';
import { createInstance } from './instance.ts';
import { LocalConfig, LocalServer } from './schema.ts';

/** Servers as containers with systemd and sshd, on the Docker or Podman of this machine (06 §6.1). */
export const provider = defineProvider({
  apiVersion: '2.0',
  metadata: () => ({
    name: 'local',
    version: '0.1.0',
    type: 'provider',
    display_name: 'Local containers',
    description: 'Servers as containers with systemd and sshd through the Docker API',
    interface: 'API',
    category: 'local',
    capabilities: {
      server_management: true,
      network_management: true,
      storage_management: true,
      load_balancer: true,
      containers: true,
      snapshots: true,
      compliance_certifications: [],
    },
    required_auth: [],
    auth_methods: [],
    supported_os: ['debian-11', 'debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04'],
    regions: ['local'],
    certified: false,
  }),
  configSchema: LocalConfig,
  serverSchema: LocalServer,
  defaults: { server: { zone: 'local', os: 'debian-12', plan: '2xCPU-4GB' } },
  init: async (context) => createInstance(context),
});
