import { type Static, Type } from 'typebox';

const names = (): ReturnType<typeof Type.Array> => Type.Array(Type.String(), { default: [] });
const off = () => Type.Boolean({ default: false });

/** Protections of an environment; every one is a promise that is checked before a create. */
export const SecurityProfile = Type.Object({
  encryption_at_rest: off(),
  encryption_in_transit: off(),
  network_isolation: off(),
  access_logging: off(),
  vulnerability_scanning: off(),
  multi_factor_auth: off(),
  privileged_access_management: off(),
  network_segmentation: off(),
  audit_logging: off(),
  data_loss_prevention: off(),
  endpoint_protection: off(),
});

export const ResourceLimits = Type.Object({
  max_cpu_cores: Type.Integer({ minimum: 0 }),
  max_memory_gb: Type.Integer({ minimum: 0 }),
  max_storage_tb: Type.Number({ minimum: 0 }),
  max_instances: Type.Integer({ minimum: 0 }),
  max_monthly_cost: Type.Number({ minimum: 0 }),
  cost_alerts_enabled: Type.Boolean({ default: true }),
});
export type ResourceLimits = Static<typeof ResourceLimits>;

/** Rules that a company sets for one of its environments (05 §5.5). */
export const CompanyEnvironment = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    type: Type.Enum(['development', 'testing', 'staging', 'production', 'disaster-recovery']),
    region: Type.String({ default: '' }),
    availability_zones: names(),
    vpc_cidr: Type.String({ default: '10.0.0.0/16' }),
    subnet_configuration: Type.Object({
      public_subnets: names(),
      private_subnets: names(),
      database_subnets: names(),
      management_subnets: names(),
    }),
    security_profile: SecurityProfile,
    compliance_level: Type.Enum(['basic', 'standard', 'high', 'critical'], { default: 'basic' }),
    data_classification: Type.Enum(['public', 'internal', 'confidential', 'restricted'], {
      default: 'internal',
    }),
    resource_limits: ResourceLimits,
    backup_configuration: Type.Object({
      backup_frequency: Type.String({ default: 'daily' }),
      retention_policy: Type.Record(Type.String(), Type.Integer(), { default: {} }),
      cross_region_backup: off(),
      encryption_enabled: off(),
    }),
    disaster_recovery_configuration: Type.Optional(
      Type.Object({
        dr_region: Type.String(),
        rto_minutes: Type.Integer({ minimum: 1 }),
        rpo_minutes: Type.Integer({ minimum: 1 }),
        automated_failover: off(),
      }),
    ),
    monitoring_level: Type.Enum(['basic', 'standard', 'enhanced'], { default: 'basic' }),
    alert_routing: Type.Object({
      business_hours_contacts: names(),
      after_hours_contacts: names(),
      escalation_policy: Type.Array(
        Type.Object({ level: Type.Integer(), delay_minutes: Type.Integer(), contacts: names() }),
        { default: [] },
      ),
    }),
  },
  { title: 'CompanyEnvironment' },
);
export type CompanyEnvironment = Static<typeof CompanyEnvironment>;
