import { type EvaluateOptions, evaluateFile } from '../config/evaluate/evaluate.ts';
import { type Document, formatOf } from '../config/document.ts';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readDocument } from '../config/read.ts';

/** What definitions in TypeScript, Nickel and KCL are evaluated with. */
export type Evaluation = EvaluateOptions;

const nowhere: Evaluation = { context: { workspace: '', infra: '', environment: '', env: {}, params: {} } };

/**
 * Reads one file of a layer in any format of a definition. `undefined` when it is not there.
 * @throws ProvisioningError kind `configuration` with file, line and reason.
 */
export async function readSource(
  file: string,
  evaluation: Evaluation = nowhere,
): Promise<Document | undefined> {
  const format = formatOf(file);
  if (format === undefined || format === 'toml' || format === 'yaml' || format === 'json')
    return readDocument(file);
  try {
    return await evaluateFile(file, format, evaluation);
  } catch (error) {
    if (error instanceof ProvisioningError && error.code === 'CONFIG_FILE_NOT_FOUND') return undefined;
    throw error;
  }
}
