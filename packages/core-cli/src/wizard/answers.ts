import { join } from 'node:path';
import {
  InfrastructureAnswers,
  modeLabels,
  readDocument,
  type Surroundings,
  userDirectories,
  complete,
  type Form,
  readForm,
  formOfSchema,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Where `init --wizard` keeps the answers (01 §11). */
export function answersFile(surroundings: Surroundings): string {
  return join(userDirectories(surroundings).config, 'infrastructure_config.toml');
}

/** What a form asks for beyond the schema of the answers. */
const additions: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  workspace_name: { placeholder: 'my-workspace' },
  deployment_mode: { options: Object.entries(modeLabels).map(([value, label]) => ({ value, label })) },
  backup_retention_days: { visible_if: 'enable_backup == true' },
  email: { placeholder: 'admin@example.com' },
};

/** The questions of `init --wizard` (04 §5.4). */
export function answersForm(): Form {
  const form = formOfSchema('infrastructure', InfrastructureAnswers);
  const fields = (form['fields'] as Record<string, unknown>[]).map((field) => ({
    ...field,
    ...additions[String(field['name'])],
  }));
  const title = 'Infrastructure';
  const description = 'A workspace with servers and what is installed on them';
  return readForm({ ...form, title, description, fields }, 'infrastructure');
}

/**
 * The answers in a file, checked as they were when they were given.
 * @throws ProvisioningError `FILE_NOT_FOUND` (exit 5), `CONFIG_INVALID` (exit 3)
 */
export async function readAnswers(file: string): Promise<InfrastructureAnswers> {
  const document = await readDocument(file);
  if (document === undefined) {
    throw new ProvisioningError({
      code: 'FILE_NOT_FOUND',
      kind: 'not-found',
      message: `File not found: ${file}`,
      hint: 'Answer the questions first: provisioning init --wizard',
    });
  }
  const { values, errors } = complete(answersForm(), document.value);
  if (errors.length === 0) return values as InfrastructureAnswers;
  throw new ProvisioningError({
    code: 'CONFIG_INVALID',
    kind: 'configuration',
    message: `${file} does not say what the wizard asks for`,
    issues: errors.map(({ field, message }) => ({ message, location: { file, key: field } })),
    hint: 'Answer the questions again: provisioning init --wizard',
  });
}
