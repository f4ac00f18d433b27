import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Document, evaluatedDocument, formatOf } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import { readDocument } from '../config/read.ts';

/**
 * Reads one file of a layer in any format of a definition. `undefined` when it is not there.
 * @throws ProvisioningError kind `configuration` with file, line and reason.
 */
export async function readSource(file: string): Promise<Document | undefined> {
  const format = formatOf(file);
  if (format === 'toml' || format === 'yaml' || format === 'json') return readDocument(file);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  if (format === 'ts') {
    const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
    try {
      const module = (await import(`${pathToFileURL(file).href}?v=${version}`)) as { default?: unknown };
      if (isRecord(module.default)) return evaluatedDocument(file, 'ts', module.default, undefined, text);
    } catch (cause) {
      throw invalid(file, (cause as Error).message.split('\n')[0]!, cause);
    }
    throw invalid(file, 'the default export is no record');
  }
  throw invalid(file, `the format of this file can't be read here`);
}

function invalid(file: string, reason: string, cause?: unknown): ProvisioningError {
  return new ProvisioningError({
    code: 'LAYER_FILE',
    kind: 'configuration',
    message: `${file}: ${reason}`,
    location: { file },
    cause,
  });
}
