import { type Field, type Form, ranges } from './definition.ts';

export type Answers = Readonly<Record<string, unknown>>;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Whether a field is asked for, given what is known so far. */
export function isVisible(field: Field, answers: Answers): boolean {
  return field.visibleIf === undefined || field.visibleIf(answers) === true;
}

/** Value a field starts with: given before, taken from another field, or its default (01 §11, step 2). */
export function startValue(field: Field, answers: Answers): unknown {
  if (answers[field.name] !== undefined) return answers[field.name];
  if (field.defaultFrom !== undefined) {
    const source = answers[field.defaultFrom];
    if (source !== undefined) return field.defaultMap ? field.defaultMap[String(source)] : source;
  }
  return field.default;
}

/** What is wrong with a value, or nothing. `answers` are the other fields, for rules across fields. */
export function checkValue(field: Field, value: unknown, answers: Answers): string | undefined {
  if (isEmpty(value)) return field.required ? `${field.label} is required` : undefined;
  const range = ranges[field.type];
  if (range || field.type === 'number') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return `${field.label} must be a number`;
    if (range && (!Number.isInteger(value) || value < range[0] || value > range[1])) {
      return `${field.label} must be a whole number from ${range[0]} to ${range[1]}`;
    }
  }
  const size = typeof value === 'number' ? value : typeof value === 'string' ? [...value].length : undefined;
  if (size !== undefined && field.min !== undefined && size < field.min)
    return `${field.label} must be at least ${field.min}`;
  if (size !== undefined && field.max !== undefined && size > field.max)
    return `${field.label} must be at most ${field.max}`;
  const known = new Set(field.options.map((option) => option.value));
  const chosen =
    field.type === 'multiselect' && Array.isArray(value)
      ? value.map(String)
      : field.type === 'select'
        ? [String(value)]
        : [];
  const unknown = chosen.find((entry) => !known.has(entry));
  if (unknown !== undefined) return `${field.label}: ${unknown} is none of ${[...known].join(', ')}`;
  if (field.pattern && typeof value === 'string' && !field.pattern.test(value)) {
    return `${field.label} does not match ${field.pattern.source.slice(4, -2)}`;
  }
  if (field.rule && field.rule({ ...answers, [field.name]: value }) !== true)
    return `${field.label} breaks the rule ${field.ruleText}`;
  return undefined;
}

/** A text a person typed, as the value of a field. */
export function parseAnswer(field: Field, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (field.type === 'number' || field.type in ranges) return Number(trimmed);
  if (field.type === 'confirm')
    return /^(y|yes|true|1)$/i.test(trimmed) ? true : /^(n|no|false|0)$/i.test(trimmed) ? false : trimmed;
  if (field.type === 'multiselect') return trimmed.split(/[\s,]+/).map((entry) => optionOf(field, entry));
  return field.type === 'select' ? optionOf(field, trimmed) : text;
}

/** Options may be given by number, value or label. */
function optionOf(field: Field, text: string): string {
  const byNumber = /^\d+$/.test(text) ? field.options[Number(text) - 1] : undefined;
  return (
    (field.options.find(({ value, label }) => value === text || label === text) ?? byNumber)?.value ?? text
  );
}

/** All visible fields with their values, checked (01 §11, steps 4 to 7). Hidden ones are left out. */
export function complete(
  form: Form,
  given: Answers,
): { readonly values: Record<string, unknown>; readonly errors: readonly FieldError[] } {
  const values: Record<string, unknown> = {};
  const errors: FieldError[] = [];
  const known: Record<string, unknown> = { ...given };
  for (const field of form.fields) {
    if (!isVisible(field, known)) {
      known[field.name] = undefined;
      continue;
    }
    const value = startValue(field, known);
    if (value !== undefined) {
      values[field.name] = value;
      known[field.name] = value;
    }
  }
  for (const field of form.fields) {
    if (!isVisible(field, known)) continue;
    const message = checkValue(field, values[field.name], values);
    if (message !== undefined) errors.push({ field: field.name, message });
  }
  return { values, errors };
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/** The form with present values as its defaults; they may be nested, as a schema describes them. */
export function offering(form: Form, present: Record<string, unknown>): Form {
  const fields = form.fields.map((field) => {
    const nested = field.name
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], present);
    const value = present[field.name] ?? nested;
    return value === undefined ? field : { ...field, default: value, defaultFrom: undefined };
  });
  return { ...form, fields };
}
