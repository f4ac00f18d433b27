import { spellingsOf } from '../aliases/resolve.ts';
import {
  type Catalogue,
  type CommandDetails,
  type ParameterEntry,
  subcommands,
} from '../command-catalogue.ts';
import type { Style } from '../output/style.ts';
import { definitions, seeAlso, subcommandLines } from './pages.ts';

/** `help server create`: everything about one command (01 §2.3). */
export function commandPage(catalogue: Catalogue, details: CommandDetails, style: Style): string[] {
  const { id } = details;
  const lines = [style.strong(`${id} - ${details.summary}`)];
  if (details.description !== undefined) lines.push('', details.description.replaceAll('\n', ' '));
  const parts = details.arguments.map(argumentUsage);
  lines.push('', style.strong('Usage:'), `  ${['provisioning', id, ...parts].join(' ')} [options]`);
  const aliases = spellingsOf(id);
  if (aliases.length > 0) lines.push('', style.strong('Aliases:'), `  ${aliases.join(', ')}`);
  if (subcommands(catalogue, id).length > 0) {
    lines.push('', style.strong('Subcommands:'), ...subcommandLines(catalogue, id, style));
  }
  if (details.arguments.length > 0) {
    const rows = details.arguments.map((argument): [string, string] => [
      argumentUsage(argument),
      parameterText(argument),
    ]);
    lines.push('', style.strong('Arguments:'), ...definitions(rows, style));
  }
  if (details.options.length > 0) {
    const rows = details.options.map((option): [string, string] => [
      optionName(option),
      parameterText(option),
    ]);
    lines.push('', style.strong('Options:'), ...definitions(rows, style));
  }
  const needs = requirements(details);
  if (needs.length > 0) lines.push('', style.strong('Requires:'), ...needs.map((need) => `  ${need}`));
  if (details.examples.length > 0) {
    lines.push('', style.strong('Examples:'), ...details.examples.map((example) => `  ${example}`));
  }
  return [...lines, ...seeAlso(id)];
}

export function argumentUsage(argument: ParameterEntry): string {
  const shown = argument.multiple ? `${argument.name}..` : argument.name;
  return argument.required ? `<${shown}>` : `[${shown}]`;
}

export function optionName(option: ParameterEntry): string {
  const short = option.char === undefined ? '' : `-${option.char}, `;
  const value = option.value === undefined ? '' : ` <${option.value}>`;
  return `${short}--${option.name}${value}`;
}

function parameterText(parameter: ParameterEntry): string {
  const notes = [
    parameter.options && parameter.value !== parameter.options.join('|')
      ? `one of ${parameter.options.join(', ')}`
      : '',
    parameter.default === undefined ? '' : `default ${parameter.default}`,
  ].filter((note) => note !== '');
  return notes.length === 0 ? parameter.summary : `${parameter.summary} (${notes.join('; ')})`;
}

function requirements(details: CommandDetails): string[] {
  const { requirements: needed, workspace_required: workspace, tags } = details.metadata;
  const result: string[] = [];
  if (workspace) result.push('an active workspace');
  if (needed.requires_auth) result.push(`authentication where the mode has it (${needed.auth_type})`);
  if (tags.includes('destructive')) result.push('confirmation, or --yes');
  return result;
}
