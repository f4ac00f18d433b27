import { Type } from 'typebox';

const text = (description: string) => Type.Optional(Type.String({ description }));
const location = (description: string) => Type.Optional(Type.String({ format: 'path', description }));
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const texts = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));
const choice = <T extends string>(values: readonly T[], description: string) =>
  Type.Optional(Type.Enum([...values], { description }));
const amount = (value: number, minimum: number, description: string) =>
  Type.Number({ default: value, minimum, description });

/** What the client does when nothing says otherwise (09 §5). */
export const ociDefaults = { tool: 'builtin', concurrency: 4, timeout_seconds: 30, retries: 3 } as const;

export const ociTools = ['builtin', 'oras', 'crane', 'skopeo', 'external'] as const;
export const signingTools = ['builtin', 'cosign', 'notation'] as const;
export const signaturePolicies = ['off', 'warn', 'require'] as const;
export const artifactSources = ['oci', 'gitea', 'local', 'npm', 'http'] as const;
export const scanSeverities = ['low', 'medium', 'high', 'critical'] as const;

const registry = text('host[:port], or layout:<folder> for a folder; default localhost:5000');
const endpoint = text('Other name of registry; http:// or https:// in front decides about TLS');
const namespace = text('Namespace of extensions; default <prefix>-extensions');
const namespaces = Type.Optional(
  Type.Object({
    extensions: text('Of extensions; default <prefix>-extensions'),
    schemas: text('Of schemas; default <prefix>-schemas'),
    platform: text('Of images of the platform; default <prefix>-platform'),
    test: text('Of what tests publish; default <prefix>-test'),
  }),
);
/** Keys that the `oci` blocks of `dependencies` share with `oci` itself (09 §5). */
const access = {
  tls_enabled: flag('False: plain HTTP; default true, false for this machine'),
  auth_token_path: location('File with the token; default tokens/oci in the folder of the configuration'),
};

const gitea = Type.Optional(
  Type.Object({
    url: text('Address of Gitea, for gitea:// and source_type gitea'),
    organization: text('Organization that has the releases'),
    token_path: location('File with the token'),
  }),
);

/** `oci`: the client of registries (09 §5, §8). */
export const OciSchema = Type.Object({
  tool: Type.Enum([...ociTools], {
    default: ociDefaults.tool,
    description:
      'Program that talks to registries; external: the first of oras, crane and skopeo that is there',
  }),
  registry,
  endpoint,
  namespace,
  namespaces,
  ...access,
  namespace_prefix: text('Prefix of namespaces; default that of the mode, or provisioning'),
  ca_file: location('Certificates (PEM) of authorities that are trusted beside the well-known ones'),
  username: text('User of the token; default _token'),
  cache_dir: location('Folder of the cache; default oci in the folder of caches'),
  cache_max_size: Type.Optional(
    Type.Union([Type.String(), Type.Number()], {
      description: 'Size of the cache, such as 5GiB (the default)',
    }),
  ),
  concurrency: amount(ociDefaults.concurrency, 1, 'Transfers at once'),
  timeout_seconds: amount(ociDefaults.timeout_seconds, 0, 'Seconds a registry has to answer'),
  retries: amount(ociDefaults.retries, 0, 'Attempts after the first one'),
  mirrors: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: 'Registries, and where to fetch from in their place: host = "host/namespace"',
    }),
  ),
  token_hosts: texts('Hosts that may be asked for tokens beside the registry itself'),
  signing: Type.Optional(
    Type.Object({
      policy: choice(
        signaturePolicies,
        'What happens to unsigned extensions; never less than the mode asks for',
      ),
      tool: choice(signingTools, 'What signs and verifies; default builtin'),
      key_path: location('Private key (PEM, ECDSA P-256 or Ed25519) that signs'),
      public_keys: Type.Optional(
        Type.Array(Type.String({ format: 'path' }), {
          description: 'Public keys (PEM) whose signatures count; certificates with notation',
        }),
      ),
      identities: Type.Optional(
        Type.Array(
          Type.Object({
            issuer: text('Who vouches for the subject: an OIDC issuer'),
            subject: Type.String({ description: 'Who signed' }),
          }),
          { description: 'Whose signatures without a key count; with cosign and notation' },
        ),
      ),
      allowed_signers: Type.Optional(
        Type.Record(Type.String(), Type.Array(Type.String()), {
          description: 'Ids of the keys that may sign, by pattern of repositories',
        }),
      ),
    }),
  ),
  scan: Type.Optional(
    Type.Object({
      threshold: choice(scanSeverities, 'Findings of this severity and above refuse an artifact'),
      required: flag('An artifact without a scan report is refused'),
    }),
  ),
});

/** `dependencies`: what a workspace is made of, and where that comes from (09 §5). */
const Dependencies = Type.Optional(
  Type.Object({
    core: Type.Optional(Type.Object({ source: text('Version of the program that the workspace is for') })),
    extensions: Type.Optional(
      Type.Object({
        source_type: choice(artifactSources, 'Where plain names are looked for; default oci'),
        oci: Type.Optional(Type.Object({ registry, namespace, ...access })),
        gitea,
        http: Type.Optional(Type.Object({ url: text('Address of a static index') })),
        modules: Type.Optional(
          Type.Object({
            providers: texts('References of providers'),
            taskservs: texts('References of taskservs'),
            clusters: texts('References of clusters'),
          }),
        ),
      }),
    ),
    platform: Type.Optional(
      Type.Object({
        images: Type.Optional(
          Type.Record(Type.String(), Type.String(), { description: 'Image of each service of the platform' }),
        ),
      }),
    ),
    registry: Type.Optional(
      Type.Object({
        type: choice(['oci', 'gitea', 'http'], 'Other name of extensions.source_type'),
        oci: Type.Optional(Type.Object({ endpoint, namespaces, ...access })),
        gitea,
        http: Type.Optional(Type.Object({ url: text('Address of a static index') })),
      }),
    ),
  }),
);

/** The configuration of what is shipped and fetched: registries, signatures, dependencies, packs (09). */
export const DistributionKeys = {
  oci: OciSchema,
  registries: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        url: Type.String({ description: 'Address' }),
        namespace: text('Namespace of extensions there'),
        channel: text('official or community'),
      }),
      { description: 'Registries by name, for --registry: {url, namespace, channel}' },
    ),
  ),
  dependencies: Dependencies,
  gitea,
  extensions: Type.Optional(
    Type.Object({
      pull_policy: choice(
        ['if_not_present', 'always'],
        'always: a cached tag is looked up again (the rule in cicd mode)',
      ),
    }),
  ),
  distribution: Type.Optional(
    Type.Object({
      pack_path: location('Folder of packs'),
      metadata: Type.Optional(
        Type.Object({
          maintainer: text('For packs whose manifest names none'),
          repository: text('For packs whose manifest names none'),
          license: text('For packs whose manifest names none'),
          homepage: text('For packs whose manifest names none'),
        }),
      ),
    }),
  ),
};
