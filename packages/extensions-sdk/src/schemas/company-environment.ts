import { type Static, Type } from 'typebox';

const names = (description: string): ReturnType<typeof Type.Array> =>
  Type.Array(Type.String(), { default: [], description });
const off = (description: string) => Type.Boolean({ default: false, description });

/** Protections of an environment; every one is a promise that is checked before a create. */
export const SecurityProfile = Type.Object({
  encryption_at_rest: off('Disks are encrypted'),
  encryption_in_transit: off('Connections are encrypted'),
  network_isolation: off('Servers have no public address'),
  access_logging: off('Access is logged'),
  vulnerability_scanning: off('Images and packages are scanned'),
  multi_factor_auth: off('Users need a second factor'),
  privileged_access_management: off('Rights of administrators are lent'),
  network_segmentation: off('Parts of the network are kept apart'),
  audit_logging: off('What is done is on record'),
  data_loss_prevention: off('Data is kept from leaving'),
  endpoint_protection: off('Servers are guarded'),
});

export const ResourceLimits = Type.Object({
  max_cpu_cores: Type.Integer({ minimum: 0, description: 'Cores of all servers' }),
  max_memory_gb: Type.Integer({ minimum: 0, description: 'Memory of all servers' }),
  max_storage_tb: Type.Number({ minimum: 0, description: 'Disks of all servers' }),
  max_instances: Type.Integer({ minimum: 0, description: 'Servers' }),
  max_monthly_cost: Type.Number({ minimum: 0, description: 'Cost a month' }),
  cost_alerts_enabled: Type.Boolean({ default: true, description: 'Warn before it is reached' }),
});
export type ResourceLimits = Static<typeof ResourceLimits>;

/** Rules that a company sets for one of its environments (05 §5.5). */
export const CompanyEnvironment = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name of the environment' }),
    type: Type.Enum(['development', 'testing', 'staging', 'production', 'disaster-recovery'], {
      description: 'What it is for',
    }),
    region: Type.String({ default: '', description: 'Region of the provider' }),
    availability_zones: names('Zones of the provider'),
    vpc_cidr: Type.String({ default: '10.0.0.0/16', description: 'Addresses of the network' }),
    subnet_configuration: Type.Object({
      public_subnets: names('Subnets that are reachable from everywhere'),
      private_subnets: names('Subnets of servers'),
      database_subnets: names('Subnets of databases'),
      management_subnets: names('Subnets of administrators'),
    }),
    security_profile: SecurityProfile,
    compliance_level: Type.Enum(['basic', 'standard', 'high', 'critical'], {
      default: 'basic',
      description: 'How strict the rules are',
    }),
    data_classification: Type.Enum(['public', 'internal', 'confidential', 'restricted'], {
      default: 'internal',
      description: 'Who may see the data',
    }),
    resource_limits: ResourceLimits,
    backup_configuration: Type.Object({
      backup_frequency: Type.String({ default: 'daily', description: 'How often there is a backup' }),
      retention_policy: Type.Record(Type.String(), Type.Integer(), {
        default: {},
        description: 'Days for which backups are kept, by kind',
      }),
      cross_region_backup: off('Backups in another region, too'),
      encryption_enabled: off('Backups are encrypted'),
    }),
    disaster_recovery_configuration: Type.Optional(
      Type.Object({
        dr_region: Type.String({ description: 'Region to go to' }),
        rto_minutes: Type.Integer({ minimum: 1, description: 'Minutes until it runs again' }),
        rpo_minutes: Type.Integer({ minimum: 1, description: 'Minutes of data that may be lost' }),
        automated_failover: off('It goes there by itself'),
      }),
    ),
    monitoring_level: Type.Enum(['basic', 'standard', 'enhanced'], {
      default: 'basic',
      description: 'How closely it is watched',
    }),
    alert_routing: Type.Object({
      business_hours_contacts: names('Who is told in business hours'),
      after_hours_contacts: names('Who is told otherwise'),
      escalation_policy: Type.Array(
        Type.Object({
          level: Type.Integer({ description: 'Place in the order' }),
          delay_minutes: Type.Integer({ description: 'Minutes until the next level' }),
          contacts: names('Who is told'),
        }),
        { default: [], description: 'Who is told when nobody answers' },
      ),
    }),
  },
  { title: 'CompanyEnvironment' },
);
export type CompanyEnvironment = Static<typeof CompanyEnvironment>;
