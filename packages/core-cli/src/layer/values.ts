/** A value on one line, as layer views print it. */
export function shortValue(value: unknown): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return '{...}';
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const titles: Readonly<Record<string, string>> = {
  core: 'Core',
  workspace: 'Workspace',
  infrastructure: 'Infrastructure',
  runtime: 'Command line',
};

export function layerTitle(layer: string): string {
  return titles[layer] ?? layer;
}
