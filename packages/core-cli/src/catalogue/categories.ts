import { type Catalogue, prefixes } from '../command-catalogue.ts';

/** A group of commands in help (01 §2). */
export interface Category {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  /** First words of its commands, in the order help shows them. */
  readonly commands: readonly string[];
  /** The page of the documentation to read on in: a topic of `docs`. */
  readonly page?: string;
}

export const categories: readonly Category[] = [
  {
    name: 'infrastructure',
    aliases: ['infra'],
    summary: 'Servers, the services on them and what they cost',
    commands: [
      'plan',
      'deploy',
      'destroy',
      'server',
      'taskserv',
      'cluster',
      'infra',
      'provider',
      'network',
      'storage',
      'cost',
      'create-server-task',
      'rollback',
      'restore',
    ],
    page: 'concepts/infrastructure',
  },
  {
    name: 'orchestration',
    aliases: ['orch'],
    summary: 'Workflows and the orchestrator that runs them',
    commands: ['workflow', 'batch', 'orchestrator'],
    page: 'operations/orchestrator',
  },
  {
    name: 'development',
    aliases: ['dev'],
    summary: 'Modules, layers and extensions',
    commands: ['module', 'layer', 'version', 'pack', 'extension', 'oci', 'dep', 'registry'],
    page: 'concepts/extensions',
  },
  {
    name: 'workspace',
    aliases: ['ws'],
    summary: 'Workspaces, their templates and contexts',
    commands: [
      'workspace',
      'template',
      'context',
      'migrate-to-oci',
      'validate-migration',
      'migration-report',
      'rollback-migration',
    ],
    page: 'concepts/workspaces',
  },
  {
    name: 'configuration',
    aliases: ['config'],
    summary: 'Settings and where they come from',
    commands: ['config', 'env', 'allenv', 'validate', 'show', 'init', 'setup', 'mode', 'form', 'schema'],
    page: 'concepts/configuration',
  },
  {
    name: 'generation',
    aliases: ['gen'],
    summary: 'Files made from templates',
    commands: ['generate'],
    page: 'how-to/extensions',
  },
  {
    name: 'utilities',
    aliases: ['utils'],
    summary: 'Lists, completion and small tools',
    commands: [
      'list',
      'sops',
      'cache',
      'qr',
      'plugin',
      'completion',
      'commands',
      'nu',
      'nuinfo',
      'explain',
      'recipe',
    ],
    page: 'quick-reference',
  },
  {
    name: 'platform',
    aliases: ['plat'],
    summary: 'The services of the platform',
    commands: ['platform', 'services', 'dns', 'gitea', 'oci-registry', 'daemon'],
    page: 'operations/orchestrator',
  },
  {
    name: 'security',
    aliases: ['sec', 'auth'],
    summary: 'Identity, keys, secrets, policies and audit',
    commands: [
      'auth',
      'mfa',
      'kms',
      'secrets',
      'break-glass',
      'compliance',
      'audit',
      'cedar',
      'policy',
      'admin',
    ],
    page: 'security',
  },
  {
    name: 'integrations',
    aliases: [],
    summary: 'Container runtimes, backups and GitOps',
    commands: ['runtime', 'backup', 'gitops', 'service'],
    page: 'integration',
  },
  { name: 'testing', aliases: ['test'], summary: 'Test environments', commands: ['test'], page: 'testing' },
  {
    name: 'operations',
    aliases: ['ops'],
    summary: 'State, health and maintenance',
    commands: [
      'status',
      'next',
      'deployment',
      'info',
      'health',
      'metrics',
      'alerts',
      'performance',
      'logs',
      'diagnostics',
      'maintenance',
      'cleanup',
      'update',
      'migrate',
      'capability',
      'system',
    ],
    page: 'operations/monitoring',
  },
  {
    name: 'ai',
    aliases: [],
    summary: 'Detection and assistance',
    commands: ['detect', 'complete', 'ifc', 'rules', 'ai', 'mcp'],
  },
  {
    name: 'guides',
    aliases: ['guide', 'howto'],
    summary: 'Guides and the short reference',
    commands: ['sc', 'guide', 'docs', 'about'],
  },
];

/** The category of that name or alias that has a command in this build. */
export function findCategory(catalogue: Catalogue, word: string): Category | undefined {
  const category = categories.find((entry) => entry.name === word || entry.aliases.includes(word));
  return category && categoryCommands(catalogue, category).length > 0 ? category : undefined;
}

/** The category's commands that exist in this build. */
export function categoryCommands(catalogue: Catalogue, category: Category): readonly string[] {
  const known = prefixes(catalogue);
  return category.commands.filter((command) => known.has(command));
}

/** Category of a command's first word. */
export function categoryOf(id: string): Category | undefined {
  const first = id.split(' ')[0]!;
  return categories.find((entry) => entry.commands.includes(first));
}
