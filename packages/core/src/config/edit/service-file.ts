import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { withFileLock } from '../../files/atomic.ts';
import { parseToml } from '../formats/toml.ts';
import { type LoadOptions, loadConfiguration } from '../load.ts';
import { isRecord, valueAt } from '../merge.ts';
import { changedMeanwhile, writeValidated } from './replace.ts';
import { setTomlKey } from './toml-edit.ts';

export interface ServiceFileChange {
  readonly file: string;
  readonly oldText: string;
  readonly newText: string;
}

/**
 * What `config/platform/<svc>.toml` would be with these values (04 §6.5): only what differs from the merged value or
 * stands in the file is written; comments and order stay.
 * @param values by dotted key, relative to the service
 */
export async function serviceFileChange(
  options: LoadOptions & { readonly workspace: { readonly path: string } },
  service: string,
  values: Readonly<Record<string, unknown>>,
): Promise<ServiceFileChange> {
  const file = path.join(options.workspace.path, 'config', 'platform', `${service}.toml`);
  const oldText = await readFile(file, 'utf8').catch(() => '');
  const section = service.replaceAll('-', '_');
  const before = (await loadConfiguration(options)).get(['platform', section]);
  const wrapper = wrapperOf(parseToml(oldText), service);
  let newText = oldText;
  for (const [key, value] of Object.entries(values)) {
    const at = key.split('.');
    const merged = isRecord(before) ? valueAt(before, at) : undefined;
    if (!isDeepStrictEqual(merged, value)) newText = setTomlKey(newText, [...wrapper, ...at], value);
  }
  return { file, oldText, newText };
}

/**
 * Writes it, once the configuration is valid with it.
 * @throws ProvisioningError kind `configuration` (3), `CONFIG_CHANGED_MEANWHILE` (1)
 */
export async function writeServiceFile(options: LoadOptions, change: ServiceFileChange): Promise<void> {
  await withFileLock(change.file, async () => {
    const current = await readFile(change.file, 'utf8').catch(() => '');
    if (current !== change.oldText) throw changedMeanwhile(change.file);
    await writeValidated(change.file, change.newText, () => loadConfiguration(options));
  });
}

/** The table that wraps the whole file, `[orchestrator]` or `[service]`, where there is one (02 §3). */
function wrapperOf(value: Readonly<Record<string, unknown>>, service: string): readonly string[] {
  const keys = Object.keys(value);
  const names = [service, service.replaceAll('-', '_'), 'service'];
  return keys.length === 1 && names.includes(keys[0]!) && isRecord(value[keys[0]!]) ? keys : [];
}
