/**
 * The alias registry (01 §4, S:1121-1278): one table that drives dispatch, help, completion and tests. A row gives the
 * canonical words and the other spellings that mean the same. Rows whose command is not part of a build are inert.
 */
export interface AliasRow {
  readonly target: string;
  readonly spellings: readonly string[];
}

export const aliasRegistry: readonly AliasRow[] = [
  { target: 'server', spellings: ['s', 'servers'] },
  { target: 'taskserv', spellings: ['t', 'task', 'taskservs'] },
  { target: 'cluster', spellings: ['cl', 'clusters'] },
  { target: 'infra', spellings: ['i', 'infras'] },
  { target: 'workflow', spellings: ['wf', 'flow', 'workflows'] },
  { target: 'batch', spellings: ['bat', 'workflows batch', 'workflow batch'] },
  { target: 'orchestrator', spellings: ['orch'] },
  { target: 'module', spellings: ['mod', 'modules'] },
  { target: 'layer', spellings: ['lyr', 'layers'] },
  { target: 'template', spellings: ['tpl', 'tmpl', 'templates'] },
  { target: 'workspace', spellings: ['ws', 'workspaces'] },
  { target: 'env', spellings: ['e'] },
  { target: 'validate', spellings: ['val'] },
  { target: 'setup', spellings: ['st'] },
  { target: 'list', spellings: ['l', 'ls'] },
  { target: 'generate', spellings: ['g', 'gen'] },
  { target: 'create', spellings: ['c'] },
  { target: 'delete', spellings: ['d'] },
  { target: 'update', spellings: ['u'] },
  { target: 'server price', spellings: ['price', 'cost', 'costs'] },
  { target: 'create-server-task', spellings: ['cst', 'csts'] },
  { target: 'plugin', spellings: ['plugins'] },
  { target: 'provider', spellings: ['providers'] },
  { target: 'test', spellings: ['tst'] },
  { target: 'guide', spellings: ['guides'] },
  { target: 'guide list', spellings: ['howto'] },
  { target: 'policy', spellings: ['policies'] },
  { target: 'module sync', spellings: ['module sync-kcl', 'sync-kcl'] },
  { target: 'auth login', spellings: ['login'] },
  { target: 'auth logout', spellings: ['logout'] },
  { target: 'auth whoami', spellings: ['whoami'] },
  { target: 'kms encrypt', spellings: ['encrypt'] },
  { target: 'kms decrypt', spellings: ['decrypt'] },
  { target: 'orchestrator status', spellings: ['orch-status'] },
  { target: 'platform start', spellings: ['start'] },
  { target: 'platform stop', spellings: ['stop'] },
  { target: 'platform restart', spellings: ['restart'] },
  { target: 'taskserv create', spellings: ['taskserv install'] },
  { target: 'taskserv delete', spellings: ['taskserv uninstall', 'taskserv remove'] },
  { target: 'taskserv update', spellings: ['taskserv upgrade'] },
  { target: 'form', spellings: ['typedialog'] },
  { target: 'workspace init', spellings: ['workspace-init'] },
  { target: 'workspace create', spellings: [] },
  { target: 'workspace migrate', spellings: ['workspace-migrate'] },
  { target: 'workspace activate', spellings: ['workspace switch'] },
  { target: 'workspace show', spellings: [] },
  { target: 'pack', spellings: ['kcl-packager'] },
  { target: 'generate extension', spellings: ['create-extension', 'extension new', 'taskserv new'] },
  {
    target: 'guide quickstart',
    spellings: ['shortcuts', 'quick', 'quickstart', 'guide shortcuts', 'guide quick'],
  },
  {
    target: 'guide from-scratch',
    spellings: ['scratch', 'from-scratch', 'guide scratch', 'guide start', 'guide deploy'],
  },
  { target: 'guide update', spellings: ['guide upgrade'] },
  {
    target: 'guide customize',
    spellings: ['custom', 'customize', 'guide custom', 'guide layers', 'guide templates'],
  },
  { target: 'guide system-setup', spellings: ['guide setup'] },
  { target: 'extension', spellings: ['extensions', 'ext'] },
  { target: 'server ssh', spellings: ['ssh'] },
  { target: 'server exec', spellings: ['server run'] },
  { target: 'workflow monitor', spellings: ['workflow watch'] },
  { target: 'workflow resume', spellings: ['workflow retry'] },
  { target: 'workflow cancel', spellings: ['workflow stop'] },
  { target: 'cluster deploy', spellings: [] },
];

/** Verbs that may stand before the noun: `create server web-01` (01 §13.2). */
export const verbs: ReadonlySet<string> = new Set([
  'create',
  'delete',
  'update',
  'list',
  'show',
  'generate',
  'validate',
  'start',
  'stop',
  'restart',
]);
