import type { TaskservValidation } from '@provisioning/core';
import type { Style } from '../output/style.ts';
import { counted } from '../output/counted.ts';

const sectionNames = ['schema', 'templates', 'scripts', 'dependencies', 'health'] as const;
type SectionName = (typeof sectionNames)[number];

const sectionsOf: Readonly<Record<TaskservValidation['level'], readonly SectionName[]>> = {
  static: ['schema', 'templates', 'scripts'],
  dependencies: ['dependencies'],
  health: ['health'],
  all: sectionNames,
};

/** The report of `taskserv validate` for people (07 §9.6). */
export function validationLines(
  { taskserv, level, valid, sections }: TaskservValidation,
  style: Style,
): string[] {
  const shown = sectionsOf[level];
  // A package that cannot be read is told in its schema section, whatever the level.
  const names = sections.schema.errors.length > 0 ? [...new Set<SectionName>(['schema', ...shown])] : shown;
  const found = names.flatMap((name) => {
    const { errors, warnings } = sections[name];
    return [
      ...errors.map((text) => `  ${style.mark('error')} ${text}`),
      ...warnings.map((text) => `  ${style.mark('warning')} ${text}`),
    ];
  });
  const all = Object.values(sections);
  const errors = all.reduce((sum, section) => sum + section.errors.length, 0);
  const warnings = all.reduce((sum, section) => sum + section.warnings.length, 0);
  return [
    style.strong('Taskserv Validation'),
    `Taskserv: ${taskserv}`,
    `Level: ${level}`,
    ...(found.length === 0 ? [] : ['', ...found]),
    '',
    style.strong('Validation Summary'),
    ...names.map((name) => {
      const section = sections[name];
      const mark = style.mark(section.errors.length === 0 ? 'ok' : 'error');
      return `${mark} ${name}: ${counted(section.errors.length, 'error')}, ${counted(section.warnings.length, 'warning')}`;
    }),
    '',
    style.strong('Overall Status'),
    valid
      ? `${style.mark('ok')} VALID - ${warnings} warnings`
      : `${style.mark('error')} INVALID - ${errors} errors`,
  ];
}
