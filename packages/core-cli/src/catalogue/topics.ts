/** What stands behind the first word (or words) of a group of commands; help and error texts use it (S:22311). */
export interface Topic {
  readonly summary: string;
  /** Command that runs when the topic is typed alone: `guide` lists the guides. */
  readonly bare?: string;
  /** Command that runs when the next word is no subcommand: `taskserv redis` shows it. */
  readonly subject?: string;
}

export const topics: Readonly<Record<string, Topic>> = {
  server: { summary: 'Server operations' },
  taskserv: { summary: 'Services installed on servers', subject: 'taskserv show' },
  cluster: { summary: 'Cluster operations' },
  infra: { summary: 'Infrastructures of a workspace' },
  provider: { summary: 'Clouds and hosts that servers run on' },
  workspace: { summary: 'Workspaces' },
  'workspace config': { summary: 'Configuration of a workspace' },
  'workspace branch': { summary: 'Git branches of a workspace' },
  'workspace git': { summary: 'Git state of a workspace' },
  workflow: { summary: 'Workflows the orchestrator runs' },
  batch: { summary: 'Batches of workflows' },
  orchestrator: { summary: 'The service that runs workflows' },
  'orchestrator task': { summary: 'Tasks of the orchestrator' },
  'orchestrator checkpoint': { summary: 'Named checkpoints' },
  config: { summary: 'Settings and their origin' },
  module: { summary: 'Modules loaded into a workspace or infrastructure' },
  layer: { summary: 'Layers a configuration is made of' },
  template: { summary: 'Templates' },
  extension: { summary: 'Extensions: providers, taskservs, clusters' },
  oci: { summary: 'OCI artifacts' },
  'oci package': { summary: 'Packages for OCI registries' },
  'oci-registry': { summary: 'The local OCI registry' },
  dep: { summary: 'Dependencies between extensions' },
  registry: { summary: 'The extension registry' },
  pack: { summary: 'Packages of the product and its extensions' },
  generate: { summary: 'New definitions and extensions from templates' },
  guide: { summary: 'Guides', bare: 'guide list', subject: 'guide show' },
  list: { summary: 'Lists of names' },
  show: { summary: 'Values in detail' },
  validate: { summary: 'Checks of configuration and definitions' },
  init: { summary: 'New configuration files' },
  schema: { summary: 'JSON Schemas of everything a definition can say' },
  commands: { summary: 'The command table', bare: 'commands list' },
  context: { summary: 'Saved choices of workspace and infrastructure' },
  completion: { summary: 'Shell completion' },
  env: { summary: 'Environment', bare: 'env show' },
  cache: { summary: 'Local caches' },
  health: { summary: 'Health of servers and services', bare: 'health check' },
  system: { summary: 'The machine this runs on' },
  capability: { summary: 'What this machine can do' },
  diagnostics: { summary: 'Bundle for a problem report' },
  deployment: { summary: 'How far a deployment has come' },
  info: { summary: 'Version, system and paths', bare: 'info show' },
  version: { summary: 'Versions', bare: 'version show' },
  recipe: { summary: 'One-line recipes', subject: 'recipe run' },
  form: { summary: 'Forms', subject: 'form run' },
  daemon: { summary: 'The provisioning daemon' },
  workflows: { summary: 'Workflows' },
};
