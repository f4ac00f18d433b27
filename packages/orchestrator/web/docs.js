/** The API's own description as a page: operations by tag, each with parameters, body and answers. */

const document_ = await (await fetch('api/v1/openapi.json')).json();
const main = document.getElementById('operations');
main.replaceChildren();

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
