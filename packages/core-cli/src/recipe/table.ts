import { type Catalogue, subcommands } from '../command-catalogue.ts';

/** One line of work under a name (24 §9). */
export interface Recipe {
  readonly name: string;
  readonly summary: string;
  /** Words of the command; `{name}` stands for a parameter. */
  readonly words: readonly string[];
  readonly parameters: readonly string[];
  /** Asks `Continue? (y/N)` first, unless `YES=1`. */
  readonly destructive: boolean;
}

type Named = readonly [name: string, line: string, summary: string, destructive?: true];

/** Recipes with names of their own (S:58701); the others are made from the command table. */
const named: readonly Named[] = [
  ['orch-status', 'orchestrator status', 'Show what the orchestrator works on'],
  ['orch-health', 'orchestrator health', 'Ask the orchestrator for its health'],
  ['orch-info', 'orchestrator info', 'Show version, mode and folders of the orchestrator'],
  ['orch-metrics', 'orchestrator metrics', 'Show the key figures of the orchestrator'],
  ['orch-tasks', 'orchestrator tasks', 'List tasks'],
  ['orch-tasks-running', 'orchestrator tasks --status running', 'List tasks that run'],
  ['orch-tasks-failed', 'orchestrator tasks --status failed', 'List tasks that failed'],
  ['orch-task-cancel', 'orchestrator task cancel {id}', 'Cancel a task', true],
  ['orch-task-retry', 'orchestrator task retry {id}', 'Run a failed task again'],
  ['orch-validate', 'orchestrator validate {file}', 'Check a workflow file'],
  ['orch-help', 'docs operations/orchestrator', 'Open the page about the orchestrator'],
  ['workflow-cleanup-old', 'workflow cleanup --older-than {days}d', 'Delete records older than days', true],
  ['workflow-cleanup-failed', 'workflow cleanup --failed', 'Delete the records of failed workflows', true],
  ['quick-server-create', 'server create --infra {infra}', 'Create the servers of an infrastructure'],
  [
    'quick-taskserv-install',
    'taskserv create {taskserv} --infra {infra}',
    'Install a taskserv in an infrastructure',
  ],
  [
    'quick-cluster-deploy',
    'cluster create {cluster} --infra {infra}',
    'Deploy a cluster in an infrastructure',
  ],
];

/** Groups of commands that have a recipe each: `workflow status` is `workflow-status`. */
const groups = ['orchestrator', 'workflow', 'batch'] as const;

/** All recipes of this build, by name. */
export async function recipes(catalogue: Catalogue): Promise<readonly Recipe[]> {
  const table = new Map<string, Recipe>();
  for (const [name, line, summary, destructive = false] of named) {
    const words = line.split(' ');
    const parameters = [...line.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => parameter);
    table.set(name, { name, summary, words, parameters, destructive });
  }
  for (const group of groups) {
    if (subcommands(catalogue, group).length === 0) continue;
    for (const [id, { hidden, summary }] of catalogue.commands) {
      if (hidden === true || !id.startsWith(`${group} `)) continue;
      const name = id.replaceAll(' ', '-');
      const { metadata } = await catalogue.details(id);
      const destructive = metadata.tags.includes('destructive');
      if (!table.has(name))
        table.set(name, { name, summary, words: id.split(' '), parameters: [], destructive });
    }
  }
  return [...table.values()].sort((left, right) => left.name.localeCompare(right.name));
}
