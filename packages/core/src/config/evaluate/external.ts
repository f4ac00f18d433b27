import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runChild } from './child.ts';
import { type Tool, findTool, kcl, nickel } from './tool.ts';
import type { EvaluationContext } from './typescript.ts';

/** `nickel export <file> --format json`. @throws ProvisioningError `NICKEL_NOT_FOUND`, `EVALUATION_FAILED` */
export async function evaluateNickel(
  file: string,
  context: EvaluationContext,
  signal?: AbortSignal,
): Promise<unknown> {
  return run(nickel, ['export', file, '--format', 'json'], file, context, signal);
}

/** `kcl run <file> --format json`, the context as `-D` options. */
export async function evaluateKcl(
  file: string,
  context: EvaluationContext,
  signal?: AbortSignal,
): Promise<unknown> {
  const { workspace, infra, environment } = context;
  const options = Object.entries({ workspace, infra, environment }).flatMap(([key, value]) => [
    '-D',
    `${key}=${value}`,
  ]);
  return run(kcl, ['run', file, '--format', 'json', ...options], file, context, signal);
}

async function run(
  tool: Tool,
  parameters: readonly string[],
  file: string,
  context: EvaluationContext,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const binary = await findTool(tool, context.env, file);
  const result = await runChild(binary, parameters, {
    cwd: path.dirname(file),
    env: context.env,
    file,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code !== 0) throw failed(tool, file, result.stderr);
  try {
    return JSON.parse(result.stdout) as unknown;
  } catch (cause) {
    throw new ProvisioningError({
      code: 'EVALUATION_FAILED',
      kind: 'configuration',
      message: `${tool.name} evaluation failed: ${file}: the output is not JSON`,
      location: { file },
      cause,
    });
  }
}

function failed(tool: Tool, file: string, stderr: string): ProvisioningError {
  // eslint-disable-next-line no-control-regex -- colour codes of the tools
  const text = stderr.replaceAll(/\u001b\[[0-9;]*m/g, '');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const place = new RegExp(`${path.basename(file).replaceAll('.', '\\.')}:(\\d+):(\\d+)`).exec(text);
  return new ProvisioningError({
    code: 'EVALUATION_FAILED',
    kind: 'configuration',
    message: `${tool.name} evaluation failed: ${lines[0]?.replace(/^error: /, '') ?? 'no reason given'}`,
    location: { file, ...(place === null ? {} : { line: Number(place[1]), column: Number(place[2]) }) },
    details: { stderr: lines.slice(0, 20) },
  });
}
