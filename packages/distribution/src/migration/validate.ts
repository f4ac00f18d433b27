import type { ArtifactSession } from '../artifacts/session.ts';
import type { Provided } from '../dependencies/candidates.ts';
import { validateDependencies } from '../dependencies/checks.ts';
import { resolveDependencies } from '../dependencies/resolve-workspace.ts';
import type { DependencyBlock } from '../dependencies/workspace-block.ts';
import { readLock } from '../dependencies/lock-file.ts';
import { type MigrationRecord, newestMigration } from './backup.ts';

export interface MigrationCheckOptions {
  readonly workspacePath: string;
  readonly block: DependencyBlock;
  readonly core: string;
  readonly provided: Provided;
  readonly render: (infra: string) => Promise<string>;
}

export interface MigrationCheck {
  readonly name: 'modules' | 'digests' | 'definitions';
  readonly passed: boolean;
  readonly findings: readonly string[];
}

/** Whether a migrated workspace is what it was: every module resolves, digests match, definitions render as before (09 §13). */
export async function validateMigration(
  session: ArtifactSession,
  options: MigrationCheckOptions,
): Promise<{ readonly record: MigrationRecord; readonly checks: readonly MigrationCheck[] }> {
  const { workspacePath, block } = options;
  const { record } = await newestMigration(workspacePath);
  const modules = await messages(async () => {
    const { packages } = await resolveDependencies(session, { ...options, frozen: true, dryRun: true });
    return packages
      .filter(({ action }) => action !== 'keep' && action !== 'local')
      .map(({ name, action }) => `${name}: ${action}`);
  });
  const digests = await messages(async () => {
    const findings = (await validateDependencies({ workspacePath, block })).map(({ message }) => message);
    const locked = (await readLock(workspacePath))?.packages ?? [];
    for (const module of record.modules) {
      const own = locked.find(({ kind, name }) => kind === module.kind && name === module.name);
      if (own?.digest !== module.digest)
        findings.push(`${module.name}: locked ${own?.digest ?? 'nothing'}, migrated ${module.digest}`);
    }
    return findings;
  });
  const definitions = await messages(async () => {
    const findings: string[] = [];
    for (const [infra, before] of Object.entries(record.rendered)) {
      if ((await options.render(infra)) !== before) findings.push(`${infra} renders differently than before`);
    }
    return findings;
  });
  const checks = Object.entries({ modules, digests, definitions }).map(([name, findings]) => ({
    name: name as MigrationCheck['name'],
    passed: findings.length === 0,
    findings,
  }));
  return { record, checks };
}

/** What a check finds; what it throws is a finding too. */
async function messages(check: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The report of a migration as a page (09 §13 `migration-report`). */
export function migrationReport(
  { workspace, date, modules, skipped, warnings }: MigrationRecord,
  checks: readonly MigrationCheck[],
): string {
  const list = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)];
  return [
    `# Migration of ${workspace} to OCI`,
    '',
    `Date: ${date}`,
    '',
    '| Module | Version | Action | Reference | Digest |',
    '|---|---|---|---|---|',
    ...modules.map(
      ({ kind, name, version, action, reference, digest }) =>
        `| ${kind}/${name} | ${version} | ${action} | ${reference} | ${digest} |`,
    ),
    ...list(
      'Skipped',
      skipped.map(({ name, reason }) => `${name}: ${reason}`),
    ),
    ...list('Warnings', warnings),
    '',
    '## Validation',
    '',
    ...checks.flatMap(({ name, passed, findings }) => [
      `- ${name}: ${passed ? 'passed' : 'failed'}`,
      ...findings.map((finding) => `  - ${finding}`),
    ]),
    '',
  ].join('\n');
}
