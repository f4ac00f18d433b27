import { type Diagnostic, type ValidationResult, WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { findings } from '@provisioning/service-kit';
import { canonicalType, compile, parseDependency, planDefaults, topologicalOrder } from '../engine/plan.ts';
import { flatten } from '../submission/nested.ts';
import { prepare } from '../submission/prepare.ts';
import type { Executor } from '../execution/executor.ts';

export interface ValidationOptions {
  readonly executor: Pick<Executor, 'supports' | 'validate' | 'resources'>;
  readonly maxOperations: number;
  readonly strict?: boolean;
}

/**
 * Checks a workflow before anything is queued (12 §3): shape, types, ids, dependencies, cycles, limits, inputs. All
 * findings are collected; later checks run only where the earlier ones left something to look at.
 */
export function validateWorkflow(value: unknown, options: ValidationOptions): ValidationResult {
  return examine(value, options).result;
}

/** The definition as it is stored. @throws ProvisioningError `VALIDATION_FAILED` or `CYCLIC_DEPENDENCY` (422) */
export function requireValid(
  value: unknown,
  options: ValidationOptions,
): { readonly definition: WorkflowDefinition; readonly warnings: readonly string[] } {
  const { result, definition } = examine(value, options);
  if (result.valid && definition) return { definition, warnings: result.warnings };
  const cyclic = result.diagnostics.find(({ code }) => code === 'CYCLIC_DEPENDENCY');
  throw new ProvisioningError({
    code: cyclic ? 'CYCLIC_DEPENDENCY' : 'VALIDATION_FAILED',
    kind: 'usage',
    message: cyclic?.message ?? result.errors[0]!,
    issues: result.errors.map((message) => ({ message })),
    details:
      result.diagnostics.length > 0
        ? result.diagnostics.map(({ path, message, code }) => ({ path: path ?? '', message, code }))
        : result.errors.map((message) => ({ path: '', message })),
  });
}

function examine(
  value: unknown,
  options: ValidationOptions,
): { readonly result: ValidationResult; readonly definition: WorkflowDefinition | undefined } {
  const diagnostics: Diagnostic[] = [];
  const warnings: string[] = [];
  const fail = (code: string, message: string, path?: string) => diagnostics.push({ code, message, path });
  const body = unwrap(value);
  const found = findings(WorkflowDefinition, body);
  for (const { path, message } of found) fail('VALIDATION_FAILED', `${path || '/'} ${message}`, path);
  const given = (typeof body === 'object' && body !== null ? body : {}) as Partial<WorkflowDefinition>;
  let definition: WorkflowDefinition | undefined;
  if (found.length === 0) {
    const { definition: flat, errors: nested } = flatten(body as WorkflowDefinition);
    for (const { message, path } of nested) fail('VALIDATION_FAILED', message, path);
    definition = prepare(flat, options.executor);
    checkTypes(definition, options, fail);
    checkGraph(definition, fail, warnings);
    if (definition.operations.length > options.maxOperations) {
      const { length } = definition.operations;
      const message = `Too many operations: ${length}, the limit is ${options.maxOperations}`;
      fail('VALIDATION_FAILED', message, '/operations');
    }
    if (diagnostics.length === 0) checkInputs(definition, options, fail);
    warn(definition, warnings);
  }
  const errors = diagnostics.map(({ message }) => message);
  if (options.strict && warnings.length > 0) errors.push(...warnings);
  const operations = Array.isArray(given.operations) ? given.operations.length : 0;
  return {
    definition,
    result: {
      valid: errors.length === 0,
      workflow: { name: given.name, version: given.version, operations },
      warnings,
      errors,
      diagnostics,
    },
  };
}

/** `batch_workflow` and `workflow` as wrappers are taken off (12 §3). */
export function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { batch_workflow, workflow } = value as { batch_workflow?: unknown; workflow?: unknown };
  if ('operations' in value) return value;
  return batch_workflow ?? (typeof workflow === 'object' ? workflow : undefined) ?? value;
}

type Fail = (code: string, message: string, path?: string) => void;

function checkTypes(definition: WorkflowDefinition, { executor }: ValidationOptions, fail: Fail): void {
  definition.operations.forEach(({ type }, index) => {
    if (executor.supports(canonicalType(type))) return;
    fail('UNSUPPORTED_OPERATION', `Unsupported operation type: ${type}`, `/operations/${index}/type`);
  });
}

function checkGraph(definition: WorkflowDefinition, fail: Fail, warnings: string[]): void {
  const indexes = new Map<string, number>();
  definition.operations.forEach(({ id }, index) => {
    if (indexes.has(id)) fail('DUPLICATE_ID', `Duplicate operation id: ${id}`, `/operations/${index}/id`);
    indexes.set(id, index);
  });
  const edges = definition.operations.map((operation, index) => {
    const shared = definition.dependencies?.[operation.id] ?? [];
    const targets = new Set<number>();
    for (const item of [...(operation.dependencies ?? []), ...shared]) {
      const { id, hard } = parseDependency(item);
      const target = indexes.get(id);
      if (target !== undefined) targets.add(target);
      else if (hard)
        fail('UNKNOWN_DEPENDENCY', `Unknown dependency: ${id}`, `/operations/${index}/dependencies`);
      else warnings.push(`Operation '${operation.id}': Unknown soft dependency '${id}'`);
    }
    return [...targets];
  });
  const sorted = topologicalOrder(edges);
  if ('cycle' in sorted) {
    const names = sorted.cycle.map((index) => definition.operations[index]!.id).join(' → ');
    fail('CYCLIC_DEPENDENCY', `CyclicDependency: ${names}`, '/operations');
  }
}

function checkInputs(definition: WorkflowDefinition, { executor }: ValidationOptions, fail: Fail): void {
  const plan = compile('validation', definition, planDefaults);
  for (const operation of plan.operations) {
    for (const message of executor.validate(operation, plan)) {
      const text = `Operation '${operation.id}': ${message}`;
      fail('VALIDATION_FAILED', text, `/operations/${operation.index}/input`);
    }
  }
}

function warn(definition: WorkflowDefinition, warnings: string[]): void {
  const shared = definition.defaults ?? {};
  for (const { id, retry_policy, resource_limits } of definition.operations) {
    if (!retry_policy && !shared.retry_policy) warnings.push(`Operation '${id}': Missing retry_policy`);
    if (!resource_limits) warnings.push(`Operation '${id}': Resource limits not specified`);
  }
}
