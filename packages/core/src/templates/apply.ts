import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ExtensionKind, kinds } from '../extensions/kinds.ts';
import { withFileLock } from '../files/atomic.ts';
import type { Infrastructure } from '../infra/index.ts';
import { mergeSources } from '../sources/provenance.ts';
import { readModules } from '../modules/manifest-file.ts';
import { type AppliedTemplate, appliedFile, readApplied, writeApplied } from './applied.ts';
import type { TemplateCatalogue } from './catalogue.ts';
import { templateSources } from './contribution.ts';
import { type PlannedFile, planFiles, sha256 } from './files.ts';
import { unfitness } from './fitness.ts';
import type { Template, TemplateVariable } from './metadata.ts';
import { templateVariables } from './variables.ts';

export interface ApplyOptions {
  readonly catalogue: TemplateCatalogue;
  readonly name: string;
  readonly infrastructure: Infrastructure;
  /** `--set k=v`. */
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly ask?: (name: string, variable: TemplateVariable) => Promise<string | undefined>;
  /** Applies also where the infrastructure does not fit. */
  readonly force?: boolean;
  readonly check?: boolean;
  readonly now?: () => number;
}

/** Two applied templates that set one key to different values. */
export interface TemplateConflict {
  readonly target: string;
  readonly key: string;
  readonly values: readonly { readonly template: string; readonly value: unknown }[];
}

export interface ApplyResult {
  readonly template: Template;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly files: readonly PlannedFile[];
  readonly conflicts: readonly TemplateConflict[];
  /** Reasons that `force` passed over. */
  readonly warnings: readonly string[];
  readonly alreadyApplied: boolean;
  readonly next_steps: readonly string[];
}

/**
 * Applies a template to an infrastructure (08 §7.4): everything is checked and rendered before the first file is moved
 * in place.
 * @throws ProvisioningError `TEMPLATE_NOT_FOUND` (exit 5), `TEMPLATE_UNFIT` (exit 1), `TEMPLATE_VARIABLE` (exit 2).
 */
export async function applyTemplate(options: ApplyOptions): Promise<ApplyResult> {
  const { catalogue, infrastructure } = options;
  const template = await catalogue.get(options.name);
  const chain = await catalogue.chain(template);
  const reasons = unfitness(chain, { infrastructure, loaded: await loadedNames(infrastructure) });
  if (reasons.length > 0 && options.force !== true) {
    throw new ProvisioningError({
      code: 'TEMPLATE_UNFIT',
      message: `Infrastructure not compatible: ${reasons.join('; ')}`,
      hint: 'Change the definition, or use --force.',
      details: { reasons },
    });
  }
  const applied = await readApplied(infrastructure.path);
  const previous = applied.find(({ name }) => name === template.name);
  const variables = await templateVariables(
    chain,
    { ...previous?.variables, ...options.variables },
    options.ask,
  );
  const conflicts = await templateConflicts(catalogue, [
    ...applied.filter((one) => one !== previous),
    { name: template.name, variables },
  ]);
  const { version } = template.metadata.template;
  const sameVariables = JSON.stringify(previous?.variables) === JSON.stringify(variables);
  const alreadyApplied = previous?.version === version && sameVariables;
  const files = alreadyApplied
    ? []
    : await planFiles(chain, infrastructure.path, { ...variables, infra: infrastructure.name }, previous);
  const result: ApplyResult = {
    template,
    variables,
    files,
    conflicts,
    warnings: reasons,
    alreadyApplied,
    next_steps: template.metadata.next_steps.items,
  };
  if (options.check === true || alreadyApplied) return result;
  await withFileLock(appliedFile(infrastructure.path), () => write(options, result, previous));
  return result;
}

async function write(
  { infrastructure, now = Date.now }: ApplyOptions,
  { template, variables, files }: ApplyResult,
  previous: AppliedTemplate | undefined,
): Promise<void> {
  const base = infrastructure.path;
  const staging = join(base, '.manifest', 'tmp', `template-${template.name}`);
  await rm(staging, { recursive: true, force: true });
  const changed = files.filter(({ action }) => action !== 'unchanged');
  for (const { path, content } of changed) {
    await mkdir(dirname(join(staging, path)), { recursive: true });
    await writeFile(join(staging, path), content);
  }
  for (const { path } of changed) {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await rename(join(staging, path), join(base, path));
  }
  await rm(join(base, '.manifest', 'tmp'), { recursive: true, force: true });
  const entry: AppliedTemplate = {
    name: template.name,
    version: template.metadata.template.version,
    source: template.source,
    applied_at: new Date(now()).toISOString(),
    variables,
    files: files.map(({ path, action, content, ours }) => {
      const before = previous?.files.find((file) => file.path === path);
      if (action === 'unchanged' && before !== undefined) return before;
      return { path, sha256: sha256(content), action: ours === true ? 'created' : action };
    }),
  };
  const applied = await readApplied(base);
  const index = applied.findIndex(({ name }) => name === template.name);
  if (index < 0) applied.push(entry);
  else applied[index] = entry;
  await writeApplied(base, applied);
}

/** Keys that applied templates set to different values (08 §7.4.4). */
export async function templateConflicts(
  catalogue: TemplateCatalogue,
  applied: readonly Pick<AppliedTemplate, 'name' | 'variables'>[],
): Promise<TemplateConflict[]> {
  const reading = { importRoots: catalogue.roots.map(({ path }) => path) };
  const values = new Map<string, { template: string; value: unknown }[]>();
  for (const { name, variables } of applied) {
    const template = await catalogue.find(name);
    for (const target of template?.metadata.template.targets ?? []) {
      const [kind, module] = target.split(':') as [ExtensionKind, string];
      const sources = await templateSources(catalogue, template!, kind, module, variables, reading);
      for (const { path, value } of mergeSources(sources).provenance) {
        const key = `${target}\u0000${path}`;
        values.set(key, [...(values.get(key) ?? []), { template: name, value }]);
      }
    }
  }
  const conflicts: TemplateConflict[] = [];
  for (const [id, found] of values) {
    if (new Set(found.map(({ value }) => JSON.stringify(value))).size < 2) continue;
    const [target, key] = id.split('\u0000') as [string, string];
    conflicts.push({ target, key, values: found });
  }
  return conflicts;
}

/** `kind/name` of everything loaded at the infrastructure or its workspace. */
async function loadedNames({ path, workspace }: Infrastructure): Promise<Set<string>> {
  const names = new Set<string>();
  for (const base of [path, workspace.path]) {
    for (const kind of kinds) {
      for (const { name } of (await readModules(base, kind)).modules) names.add(`${kind}/${name}`);
    }
  }
  return names;
}
