import { type Static, Type } from 'typebox';

const id = (prefix: string) => Type.String({ pattern: `^${prefix}-[a-f0-9]{8,17}$` });

/** `providers.aws` of the configuration (06 §4.3, §6.2). Times in seconds. */
export const AwsConfig = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true })),
    /** Endpoint of all services, for tests and private clouds. */
    api_url: Type.Optional(Type.String()),
    region: Type.Optional(Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-\\d+$', default: 'us-east-1' })),
    /** Regions that are listed beside `region`. */
    regions: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-\\d+$' }))),
    access_key_id: Type.Optional(Type.Unsafe<unknown>({})),
    secret_access_key: Type.Optional(Type.Unsafe<unknown>({})),
    session_token: Type.Optional(Type.Unsafe<unknown>({})),
    /** Profile of `~/.aws/credentials`. */
    credentials_profile: Type.Optional(Type.String()),
    credentials: Type.Optional(
      Type.Object({
        type: Type.Optional(
          Type.Union([Type.Literal('environment'), Type.Literal('file'), Type.Literal('iam_role')]),
        ),
      }),
    ),
    default_instance_type: Type.Optional(Type.String({ default: 't3.medium' })),
    default_ami: Type.Optional(id('ami')),
    vpc_id: Type.Optional(id('vpc')),
    subnet_id: Type.Optional(id('subnet')),
    timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 300 })),
    retries: Type.Optional(Type.Integer({ minimum: 0, default: 3 })),
    running_timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 600 })),
  },
  { $id: 'AwsConfig', additionalProperties: true },
);
export type AwsConfig = Static<typeof AwsConfig>;

/** Extras under `aws` of a server definition. */
export const AwsServer = Type.Object(
  {
    ami: Type.Optional(id('ami')),
    subnet_id: Type.Optional(id('subnet')),
    security_group_ids: Type.Optional(Type.Array(id('sg'))),
    /** A spot instance, at most for the on-demand price unless `spot_max_price` says less. */
    spot: Type.Optional(Type.Boolean({ default: false })),
    spot_max_price: Type.Optional(Type.String()),
    elastic_ip: Type.Optional(Type.Boolean({ default: false })),
    encrypted: Type.Optional(Type.Boolean({ default: true })),
    iam_instance_profile: Type.Optional(Type.String()),
  },
  { $id: 'AwsServer', additionalProperties: true },
);
export type AwsServer = Static<typeof AwsServer>;
