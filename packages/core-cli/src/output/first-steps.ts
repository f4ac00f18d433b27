/** What fills a list that is empty, by the things it lists; shown to people below `No <things> found`. */
export const firstSteps: Readonly<Record<string, string>> = {
  backups: 'Make one: provisioning backup create',
  checkpoints: 'Make one: provisioning orchestrator checkpoint create <name>',
  contexts: 'Make one: provisioning context create <name>',
  'frozen versions': 'Make one: provisioning workspace freeze --version <version>',
  infrastructures: 'Make one: provisioning generate infra --new <name>',
  'installed taskservs': 'Install what is defined: provisioning deploy',
  packs: 'Make one: provisioning pack provider local',
  requests: 'Make one: provisioning workspace request <workspace>',
  schedules: 'Make one: provisioning workflow schedule create <name> "0 3 * * *" <file>',
  servers: 'Create what is defined: provisioning deploy',
  volumes: 'Define one: storages of a server in servers.toml, then provisioning deploy',
  workflows: 'The first one comes with: provisioning deploy',
  workspaces: 'Make one: provisioning workspace init shop --template demo --activate',
};
