/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;

/**
 * Reads a `WWW-Authenticate` header; several challenges may stand in one header, separated by the same commas as the
 * parameters of each. What cannot be read ends the list.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = header.trim();
  while (rest !== '' && found.length < 16) {
    rest = rest.replace(/^[\s,]+/, '');
    const word = token.exec(rest)?.[0];
    if (word === undefined) break;
    const after = rest.slice(word.length);
    const assigned = /^\s*=\s*/.exec(after);
    const current = found.at(-1);
    if (assigned !== null && current !== undefined) {
      const [value, remaining] = readValue(after.slice(assigned[0].length));
      current.parameters[word.toLowerCase()] = value;
      rest = remaining;
    } else {
      found.push({ scheme: word.toLowerCase(), parameters: {} });
      rest = after;
    }
  }
  return found;
}

function readValue(text: string): readonly [string, string] {
  if (!text.startsWith('"')) {
    const plain = /^[^\s,]*/.exec(text)?.[0] ?? '';
    return [plain, text.slice(plain.length)];
  }
  let value = '';
  let position = 1;
  while (position < text.length && text[position] !== '"') {
    if (text[position] === '\\') position++;
    value += text[position] ?? '';
    position++;
  }
  return [value, text.slice(position + 1)];
}
