import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runChild } from './child.ts';
import { runnerSource } from './runner-source.ts';

export interface EvaluationContext {
  readonly workspace: string;
  readonly infra: string;
  readonly environment: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface TypeScriptResult {
  readonly value: unknown;
  readonly cacheable: boolean;
}

type Answer =
  | { readonly value: unknown; readonly cacheable: boolean }
  | { readonly unserializable: string }
  | { readonly error: string; readonly stack: string };

/**
 * Evaluates a TypeScript definition in a child process with Node's type stripping (02 §10).
 * @throws ProvisioningError `EVALUATION_FAILED`, `NOT_SERIALIZABLE`, `EVALUATION_TIMEOUT`
 */
export async function evaluateTypeScript(
  file: string,
  context: EvaluationContext,
  signal?: AbortSignal,
): Promise<TypeScriptResult> {
  const marker = randomBytes(16).toString('hex');
  const request = JSON.stringify({ file, context, marker });
  const parameters = [
    '--no-warnings',
    ...resolver(file),
    '--input-type=module',
    '--eval',
    runnerSource,
    request,
  ];
  const child = await runChild(process.execPath, parameters, {
    cwd: path.dirname(file),
    env: { ...context.env, NODE_OPTIONS: '' },
    file,
    ...(signal === undefined ? {} : { signal }),
  });
  const line = child.stdout.split('\n').find((text) => text.startsWith(marker));
  if (line === undefined)
    throw failed(
      file,
      child.stderr.split('\n').find((text) => text.trim() !== '') ?? `exit ${child.code}`,
      child.stderr,
    );
  const answer = JSON.parse(line.slice(marker.length)) as Answer;
  if ('unserializable' in answer) {
    throw new ProvisioningError({
      code: 'NOT_SERIALIZABLE',
      kind: 'configuration',
      message: `Functions can't be serialized: ${answer.unserializable}`,
      hint: 'Export data only. Keep makers and other functions in a module of their own and do not export them as values.',
      location: { file, key: answer.unserializable },
    });
  }
  if ('error' in answer) throw failed(file, answer.error, answer.stack);
  return answer;
}

/**
 * Lets a definition anywhere on disk import `@provisioning/extensions-sdk`: what stands beside it, else the copy that
 * its workspace keeps, else that of this installation.
 */
function resolver(file: string): string[] {
  let sdk: string;
  try {
    sdk = import.meta.resolve('@provisioning/extensions-sdk');
  } catch {
    return [];
  }
  const kept = pathToFileURL(`${packagesAbove(file)}/`).href;
  const hooks = `import{registerHooks as r}from'node:module';const s=${JSON.stringify(sdk)},k=${JSON.stringify(kept)};r({resolve(n,c,x){if(n==='@provisioning/extensions-sdk'){for(const p of[c,{...c,parentURL:k}])try{return x(n,p)}catch{}return{url:s,shortCircuit:true}}return x(n,c)}});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(hooks)}`];
}

/** Folder of the packages that the workspace of a file keeps (03 §4.4). */
function packagesAbove(file: string): string {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const packages = path.join(folder, '.provisioning', 'packages');
    if (existsSync(packages)) return packages;
  }
  return path.dirname(file);
}

function failed(file: string, reason: string, stack: string): ProvisioningError {
  const place = position(file, stack) ?? missingImport(reason) ?? imported(stack);
  const where = place?.file ?? file;
  const first = reason.split('\n')[0] ?? '';
  const at =
    place === undefined
      ? file
      : `${where}:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  return new ProvisioningError({
    code: 'EVALUATION_FAILED',
    kind: 'configuration',
    message: `TypeScript evaluation failed: ${at}: ${first}`,
    location: { ...place, file: where },
  });
}

interface Place {
  readonly file?: string;
  readonly line: number;
  readonly column?: number;
}

/** Where a module names one that is not there. */
function missingImport(reason: string): Place | undefined {
  const [, missing, file] = /^Cannot find module '(.+)' imported from (.+)$/.exec(reason) ?? [];
  if (missing === undefined || file === undefined || !existsSync(file)) return undefined;
  const name = path.basename(missing);
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.includes(`${name}'`) || text.includes(`${name}"`));
  return line < 0 ? undefined : { file, line: line + 1, column: lines[line]!.search(/['"]/) + 1 };
}

/** The first module of TypeScript that the stack names: one that the definition imports. */
function imported(stack: string): Place | undefined {
  const [, url, line, column] = /(file:\/\/\/\S+?\.[cm]?ts):(\d+)(?::(\d+))?/.exec(stack) ?? [];
  if (url === undefined) return undefined;
  return {
    ...{ file: fileURLToPath(url), line: Number(line) },
    ...(column === undefined ? {} : { column: Number(column) }),
  };
}

/** The first place in the file that the stack names. */
function position(file: string, stack: string): Place | undefined {
  const name = path.basename(file).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`${name}:(\\d+)(?::(\\d+))?`).exec(stack);
  if (match === null) return undefined;
  const line = Number(match[1]);
  if (match[2] !== undefined) return { line, column: Number(match[2]) };
  // Errors of the syntax give the line alone and mark the column under its text.
  const marked = /^( *)\^+$/m.exec(stack);
  return { line, ...(marked === null ? {} : { column: marked[1]!.length + 1 }) };
}
