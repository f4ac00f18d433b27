import { defineProvider } from '@provisioning/extensions-sdk';
import { systems } from './catalogue.ts';
import { AwsConfig, AwsServer } from './config.ts';
import { createInstance } from './instance.ts';

/** Amazon Web Services (06 §6.2). */
export const provider = defineProvider({
  apiVersion: '2.0',
  metadata: () => ({
    name: 'aws',
    version: '0.1.0',
    type: 'provider',
    display_name: 'Amazon Web Services',
    description:
      'Servers, networks, volumes, load balancers, DNS, buckets, databases and Kubernetes of Amazon Web Services',
    interface: 'API',
    category: 'cloud',
    capabilities: {
      server_management: true,
      network_management: true,
      storage_management: true,
      load_balancer: true,
      dns_management: true,
      auto_scaling: true,
      spot_instances: true,
      multi_region: true,
      containers: false,
      serverless: false,
      encryption_at_rest: true,
      snapshots: true,
      firewall: true,
      managed_kubernetes: true,
      managed_databases: true,
      console: false,
      compliance_certifications: ['SOC2', 'HIPAA', 'ISO27001'],
    },
    required_auth: ['access_key_id', 'secret_access_key'],
    auth_methods: ['environment', 'file', 'iam_role'],
    supported_os: systems,
    regions: [
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
      'eu-central-1',
      'eu-west-1',
      'eu-west-2',
      'eu-north-1',
      'ap-southeast-1',
      'ap-northeast-1',
    ],
    certified: true,
    reservations: { months: [12, 36], url: 'https://console.aws.amazon.com/ec2/home#ReservedInstances:' },
  }),
  configSchema: AwsConfig,
  serverSchema: AwsServer,
  defaults: { server: { os: 'ubuntu-22.04', plan: 't3.medium' } },
  init: async (context) => createInstance(context),
});
