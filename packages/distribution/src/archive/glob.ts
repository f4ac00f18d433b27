/**
 * A glob over slash-separated paths as a regular expression: `*` and `?` within a name, `**` over folders, `[…]` and
 * `{a,b}`.
 */
export function globToRegExp(glob: string): RegExp {
  let source = '';
  for (let position = 0; position < glob.length; position++) {
    const sign = glob[position]!;
    if (sign === '*' && glob[position + 1] === '*') {
      const folder = glob[position + 2] === '/';
      source += folder ? '(?:[^/]+/)*' : '.*';
      position += folder ? 2 : 1;
    } else if (sign === '*') source += '[^/]*';
    else if (sign === '?') source += '[^/]';
    else if (sign === '[' && glob.indexOf(']', position + 2) !== -1) {
      const end = glob.indexOf(']', position + 2);
      source += `[${glob
        .slice(position + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`;
      position = end;
    } else if (sign === '{' && glob.indexOf('}', position) !== -1) {
      const end = glob.indexOf('}', position);
      source += `(?:${glob
        .slice(position + 1, end)
        .split(',')
        .map(escape)
        .join('|')})`;
      position = end;
    } else source += escape(sign);
  }
  return new RegExp(`^${source}$`, 'u');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Whether a path matches one of the globs; a glob without a slash is matched against the name at any depth. */
export function matchesAny(path: string, globs: readonly RegExp[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return globs.some((glob) => glob.test(path) || (!glob.source.includes('\\/') && glob.test(name)));
}
