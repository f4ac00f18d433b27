/**
 * Joins bracketed lists that the shell split: `[a b]`, `[a, b]`, `[a` `b]` become one token `a,b` (01 §1.4). Tokens
 * outside brackets stay as they are, and so does a JSON array: it may be the value of a setting.
 */
export function joinBrackets(tokens: readonly string[]): string[] {
  const result: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    const opening = /^(--?[\w-]+=)?\[/.exec(token);
    if (!opening || isJsonArray(token)) {
      result.push(token);
      continue;
    }
    let end = index;
    while (end < tokens.length && !tokens[end]!.endsWith(']')) end += 1;
    if (end === tokens.length) {
      result.push(token);
      continue;
    }
    const prefix = opening[1] ?? '';
    const inner = tokens
      .slice(index, end + 1)
      .join(' ')
      .slice(opening[0].length, -1);
    result.push(prefix + splitList(inner).join(','));
    index = end;
  }
  return result;
}

function isJsonArray(token: string): boolean {
  try {
    return Array.isArray(JSON.parse(token));
  } catch {
    return false;
  }
}

/** Entries of `a,b`, `a b` or `a, b`; brackets around are allowed. */
export function splitList(text: string): string[] {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return inner
    .split(/[\s,]+/)
    .map((entry) => entry.replace(/^(["'])(.*)\1$/, '$2'))
    .filter((entry) => entry !== '');
}
