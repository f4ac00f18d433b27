import { boolean } from '@oclif/core/flags';
import {
  type ValidationItem,
  listInfrastructures,
  validatePaths,
  validateWorkspaceConfiguration,
} from '@provisioning/core';
import type { Issue } from '@provisioning/extensions-sdk';
import { asProvisioningError } from '../../errors/as-error.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { configurationOf, loadOptionsOf, selectOptional } from '../../session/workspace.ts';
import { definitionIssues } from '../../validation/definition.ts';
import { showReport } from '../../validation/show.ts';

export default class ValidateAll extends ProvisioningCommand {
  static override summary =
    'Check everything: configuration, providers, services, paths, every infrastructure';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning validate --all', 'provisioning validate all --strict'];
  static override flags = {
    all: boolean({ description: 'the same without a word', hidden: true }),
    strict: boolean({ description: 'warnings are errors' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ValidateAll);
    const selection = await selectOptional(this);
    const report = await validateWorkspaceConfiguration({
      ...loadOptionsOf(this, selection),
      strict: flags.strict,
    });
    const errors: ValidationItem[] = [...report.errors];
    const warnings: ValidationItem[] = [...report.warnings];
    const infras = selection === undefined ? [] : await listInfrastructures(selection.path);
    if (report.valid) {
      const configuration = await configurationOf(this, selection);
      const paths = await validatePaths(configuration);
      errors.push(...paths.errors.map(({ path, message }) => item(path, message)));
      warnings.push(...paths.warnings.map(({ path, message }) => item(path, message)));
      for (const infra of infras) {
        const issues = await this.#issues(infra);
        errors.push(
          ...issues.map(({ message, location }) => ({
            ...item(location?.key ?? infra, message),
            ...(location === undefined ? {} : { file: location.file, line: location.line }),
          })),
        );
      }
    }
    const { style } = this.out;
    await showReport(this, { valid: errors.length === 0, errors, warnings }, [
      `${style.mark('ok')} Configuration valid`,
      `${style.mark('ok')} Paths valid`,
      ...infras.map((infra) => `${style.mark('ok')} Infrastructure '${infra}' valid`),
      `${style.mark('ok')} No errors found`,
    ]);
  }

  async #issues(infra: string): Promise<readonly Issue[]> {
    try {
      await using session = await openInfrastructure(this, infra);
      return await definitionIssues(session);
    } catch (thrown) {
      const { message, location, issues } = asProvisioningError(thrown);
      return issues.length > 0 ? issues : [{ message, location }];
    }
  }
}

function item(field: string, message: string): ValidationItem {
  return { field, type: 'custom', message };
}
