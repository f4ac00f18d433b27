import { type Answers, type FieldError, startValue, type Field, type Form, ranges } from '@provisioning/core';

const style =
  ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1f2328;background:#fff}' +
  'label{display:block;font-weight:600;margin-top:1rem}input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}' +
  'input[type=checkbox]{width:auto;margin-right:.5rem}fieldset{border:0;margin:0;padding:0}.choice{font-weight:400;margin-top:.25rem}small{color:#59636e}.error{color:#b42318}button{margin-top:1.5rem;padding:.5rem 1.5rem;font:inherit}' +
  '@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.error{color:#ff7b72}small{color:#9198a1}}';

/** The form as a page that works without a script; fields that depend on others are shown and left out when not needed. */
export function formPage(
  form: Form,
  answers: Answers,
  errors: readonly FieldError[],
  action: string,
): string {
  const fields = form.fields.map((field, index) => {
    const title =
      form.fields[index - 1]?.section === field.section
        ? undefined
        : form.sections.find(({ name }) => name === field.section)?.title;
    const problem = errors.find((error) => error.field === field.name)?.message;
    const heading = title === undefined ? '' : `<h2>${escape(title)}</h2>`;
    const help = field.help === undefined ? '' : `<small>${escape(field.help)}</small>`;
    const error = problem === undefined ? '' : `<div class="error" role="alert">${escape(problem)}</div>`;
    return `${heading}<label for="${escape(field.name)}">${escape(field.label)}${field.required ? ' *' : ''}</label>${control(field, answers)}${help}${error}`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(form.title)}</title><style>${style}</style><h1>${escape(form.title)}</h1><p>${escape(form.description)}</p><form method="post" action="${escape(action)}">${fields.join('')}<button>Submit</button></form></html>`;
}

function control(field: Field, answers: Answers): string {
  const value = startValue(field, answers);
  const name = `id="${escape(field.name)}" name="${escape(field.name)}"`;
  const chosen = Array.isArray(value) ? value.map(String) : [String(value ?? '')];
  if (field.type === 'confirm')
    return `<input type="checkbox" ${name} value="true"${value === true ? ' checked' : ''}>`;
  if (field.type === 'multiselect') {
    const boxes = field.options.map(
      (option) =>
        `<label class="choice"><input type="checkbox" name="${escape(field.name)}" value="${escape(option.value)}"${chosen.includes(option.value) ? ' checked' : ''}>${escape(option.label)}</label>`,
    );
    return `<fieldset id="${escape(field.name)}">${boxes.join('')}</fieldset>`;
  }
  if (field.type === 'select') {
    const options = field.options.map(
      (option) =>
        `<option value="${escape(option.value)}"${chosen.includes(option.value) ? ' selected' : ''}>${escape(option.label)}</option>`,
    );
    const none = field.required || field.default !== undefined ? '' : '<option></option>';
    return `<select ${name}>${none}${options.join('')}</select>`;
  }
  if (field.type === 'textarea')
    return `<textarea ${name} rows="5">${escape(String(value ?? ''))}</textarea>`;
  const type =
    field.type === 'password'
      ? 'password'
      : field.type === 'number' || field.type in ranges
        ? 'number'
        : 'text';
  const shown = field.type === 'password' ? '' : escape(String(value ?? ''));
  return `<input type="${type}" ${name} value="${shown}" placeholder="${escape(field.placeholder ?? '')}"${type === 'number' ? ' step="any"' : ''}>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
