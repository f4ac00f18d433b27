import type { ValidationReport } from '@provisioning/core';
import type { Style } from '../output/style.ts';

/** The text of `extension validate` (08 §4.2). */
export function validationLines(report: ValidationReport, style: Style): string[] {
  const rules = Object.values(report.rules);
  const errors = rules.flatMap((rule) => rule.errors);
  const warnings = rules.flatMap((rule) => rule.warnings);
  const list = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  - ${item}`)];
  return [
    report.valid
      ? `${style.mark('ok')} Extension structure valid`
      : `${style.mark('error')} Extension structure invalid`,
    ...list('Errors', errors),
    ...list('Warnings', warnings),
  ];
}
