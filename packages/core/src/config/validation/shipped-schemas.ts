/** Schemas in the `*.schema.toml` dialect that come with the product (02 §11.2). */
export const shippedSchemas: Readonly<Record<string, string>> = {
  workspace: `[required]
fields = ["workspace", "workspace.name", "paths"]

[fields.workspace.name]
type = "string"
pattern = "^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"

[fields.workspace.version]
type = "string"
pattern = "^\\\\d+\\\\.\\\\d+\\\\.\\\\d+$"

[fields.paths.base]
type = "path"

[fields.paths.infra]
type = "path"

[fields.debug.enabled]
type = "bool"

[fields.debug.log_level]
type = "string"
enum = ["trace", "debug", "info", "warn", "error"]
`,
  aws: `[required]
fields = ["provider", "credentials"]

[fields.provider.name]
type = "string"
enum = ["aws"]

[fields.provider.region]
type = "string"
pattern = "^[a-z]{2}(-[a-z]+)+-\\\\d+$"

[fields.provider.enabled]
type = "bool"

[fields."credentials.type"]
type = "string"
enum = ["environment", "file", "iam_role"]

[fields.compute.default_instance_type]
type = "string"

[fields.compute.default_ami]
type = "string"
pattern = "^ami-[a-f0-9]{8,17}$"

[fields.network.vpc_id]
type = "string"
pattern = "^vpc-[a-f0-9]{8,17}$"

[fields.network.subnet_id]
type = "string"
pattern = "^subnet-[a-f0-9]{8,17}$"

[deprecated]
fields = ["old_region_field"]

[deprecated_replacements]
old_region_field = "provider.region"
`,
  orchestrator: `[required]
fields = ["server"]

[fields.enabled]
type = "bool"

[fields.server.host]
type = "string"

[fields.server.port]
type = "int"
min = 1024
max = 65535

[fields.server.workers]
type = "int"
min = 1
max = 32

[fields.queue.max_size]
type = "int"
min = 100
max = 10000

[fields.queue.max_concurrent_tasks]
type = "int"
min = 1

[deprecated]
fields = ["service.enabled", "workers", "queue.storage_path"]

[deprecated_replacements]
"service.enabled" = "enabled"
workers = "server.workers"
"queue.storage_path" = "storage.backend_path"
`,
  kms: `[required]
fields = ["kms", "encryption"]

[fields.kms.enabled]
type = "bool"

[fields.kms.backend]
type = "string"
enum = ["age", "vault", "rustyvault", "openbao", "secretumvault", "aws", "cosmian", "local"]

[fields.encryption.algorithm]
type = "string"
enum = ["AES-256-GCM", "ChaCha20-Poly1305"]

[fields.encryption.key_rotation_days]
type = "int"
min = 30
max = 365

[fields.vault.address]
type = "string"
pattern = "^https?://.*$"

[fields.vault.token_path]
type = "path"

[deprecated]
fields = ["old_kms_type"]

[deprecated_replacements]
old_kms_type = "kms.backend"
`,
};
