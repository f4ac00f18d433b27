import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ask, type QuestionStreams } from './ask.ts';
import { type Answers, checkValue, isVisible, parseAnswer, startValue } from './answers.ts';
import type { Field, Form } from './definition.ts';

/** How words and marks look where the questions are asked. */
export interface FormStyle {
  strong(text: string): string;
  mark(name: 'active' | 'inactive' | 'error'): string;
}

/** Asks every visible field in order; Enter takes the default. A wrong answer is asked again (01 §11, steps 3 to 6). */
export async function askForm(
  form: Form,
  given: Answers,
  streams: QuestionStreams,
  style: FormStyle,
): Promise<Record<string, unknown>> {
  const say = (line: string): void => void streams.stderr.write(`${line}\n`);
  say(style.strong(form.title));
  if (form.description !== '') say(form.description);
  const answers: Record<string, unknown> = { ...given };
  let section: string | undefined;
  for (const field of form.fields) {
    if (!isVisible(field, answers)) continue;
    if (field.section !== section) {
      section = field.section;
      say(`\n${style.strong(form.sections.find(({ name }) => name === section)?.title ?? section ?? '')}`);
    }
    answers[field.name] = given[field.name] ?? (await askField(field, answers, streams, style));
  }
  return answers;
}

/** Shows what was answered, secrets hidden, and asks whether to go on with it (01 §11, step 6). */
export async function askIfRight(
  form: Form,
  values: Answers,
  streams: QuestionStreams,
  style: FormStyle,
): Promise<boolean> {
  streams.stderr.write(`\n${style.strong('Review')}\n`);
  for (const { name, label, type } of form.fields) {
    const value = values[name];
    if (value === undefined) continue;
    const shown = type === 'password' ? '********' : Array.isArray(value) ? value.join(', ') : String(value);
    streams.stderr.write(`  ${label}: ${shown}\n`);
  }
  return !/^n(o)?$/i.test((await ask(streams, '? Is this right? (Y/n) ')).trim());
}

async function askField(
  field: Field,
  answers: Answers,
  streams: QuestionStreams,
  style: FormStyle,
): Promise<unknown> {
  const start = startValue(field, answers);
  for (const [index, option] of inline(field) === undefined ? field.options.entries() : []) {
    const chosen = Array.isArray(start) ? start.includes(option.value) : start === option.value;
    streams.stderr.write(
      `  ${chosen ? style.mark('active') : style.mark('inactive')} ${index + 1} ${option.label}\n`,
    );
  }
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await ask(streams, `? ${field.label}: ${hintOf(field, start)}`, {
      hidden: field.type === 'password',
    });
    const value = text.trim() === '' ? start : parseAnswer(field, text);
    const problem = checkValue(field, value, answers);
    if (problem === undefined) return value;
    streams.stderr.write(
      `${style.mark('error')} ${problem}${field.help === undefined ? '' : `. ${field.help}`}\n`,
    );
    if (streams.stdin.readableEnded) break;
  }
  throw new ProvisioningError({
    code: 'FORM_ABORTED',
    kind: 'interrupted',
    message: 'The form was not finished; nothing was written',
  });
}

/** The options of a choice as `(a/b)` (04 §5.2), where they fit beside the question. */
function inline(field: Field): string | undefined {
  if (field.type !== 'select' || field.options.some(({ value, label }) => value !== label)) return undefined;
  const words = `(${field.options.map(({ value }) => value).join('/')})`;
  return words.length > 40 ? undefined : words;
}

function hintOf(field: Field, start: unknown): string {
  if (field.type === 'password') return '';
  const choice = inline(field);
  if (choice !== undefined) return start === undefined ? `${choice} ` : `${choice} [${String(start)}] `;
  if (field.type === 'confirm') return start === true ? '(Y/n) ' : '(y/N) ';
  if (start !== undefined && start !== '' && !(Array.isArray(start) && start.length === 0))
    return `(${Array.isArray(start) ? start.join(', ') : String(start)}) `;
  if (field.type === 'multiselect') return '(numbers or names, with commas) ';
  return field.placeholder === undefined ? '' : `(${field.placeholder}) `;
}
