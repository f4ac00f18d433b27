/** The API's own description as a page: operations by tag, each with parameters, body and answers. */

const main = document.getElementById('operations');
let document_ = await description();
while (document_ === undefined) document_ = await description(await tokenOfReader());
main.replaceChildren();

/** The description; `undefined` where it is shown to those who are known only, and the token is none of theirs. */
async function description(token) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch('api/v1/openapi.json', { headers });
  if (response.status === 401 || response.status === 403) return undefined;
  if (!response.ok) {
    main.replaceChildren(element('p', `The description cannot be read: HTTP ${response.status}`));
    throw new Error(`HTTP ${response.status}`);
  }
  return response.json();
}

/** Asks for a token. It is kept nowhere: the page forgets it when it is left. */
function tokenOfReader() {
  const again = main.querySelector('form') !== null;
  const form = element('form', undefined, { class: 'token' });
  const input = element('input', undefined, {
    id: 'token',
    type: 'password',
    autocomplete: 'off',
    required: '',
  });
  const hint = again
    ? 'This token is not accepted. Tokens end after a while; take a new one.'
    : 'This orchestrator describes itself to those who are logged in. Give a token of yours; it is sent to this server alone.';
  form.append(
    element('p', hint, { role: 'alert' }),
    element('label', 'Token', { for: 'token' }),
    input,
    element('button', 'Show the API'),
  );
  main.replaceChildren(form);
  input.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      resolve(input.value.trim());
    });
  });
}

function element(name, text, attributes = {}) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** References are followed once; deeper ones are shown by name. */
function resolved(schema) {
  const name = schema?.$ref?.split('/').at(-1);
  return name === undefined ? schema : { title: name, ...document_.components.schemas[name] };
}

function schemaBlock(title, schema) {
  const details = element('details');
  details.append(element('summary', title), element('pre', JSON.stringify(resolved(schema), undefined, 2)));
  return details;
}

function operationBlock(method, path, operation) {
  const block = element('details', undefined, { id: operation.operationId });
  const summary = element('summary');
  summary.append(
    element('code', `${method.toUpperCase()} ${path}`),
    element('span', ` ${operation.summary}`),
  );
  block.append(summary);
  if (operation['x-aliases']) block.append(element('p', `Also: ${operation['x-aliases'].join(', ')}`));
  if (operation['x-mfa']) block.append(element('p', `Second factor: ${operation['x-mfa']}`));
  if (operation.parameters.length > 0) {
    const list = element('ul');
    for (const { name, in: where, required, schema } of operation.parameters) {
      const item = element('li');
      const description = schema.description ?? schema.type ?? '';
      item.append(
        element('code', name),
        element('span', ` ${where}${required ? ', required' : ''} – ${description}`),
      );
      list.append(item);
    }
    block.append(list);
  }
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body) block.append(schemaBlock('Body', body));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = Object.values(answer.content ?? {})[0];
    if (content) block.append(schemaBlock(`${status} ${answer.description}`, content.schema));
  }
  return block;
}

for (const { name } of document_.tags) {
  const section = element('section');
  section.append(element('h2', name));
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.tags[0] === name) section.append(operationBlock(method, path, operation));
    }
  }
  main.append(section);
}
if (location.hash !== '') document.getElementById(location.hash.slice(1))?.setAttribute('open', '');
