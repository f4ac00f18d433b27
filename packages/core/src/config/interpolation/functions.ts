import path from 'node:path';

/** Functions of `{{…}}` (02 §7). Arguments are never undefined: an undefined one makes the call undefined. */
export const functions: Readonly<Record<string, (...parameters: unknown[]) => unknown>> = {
  'path.join': (...parts) => path.join(...parts.map(String)),
  'path.dirname': (file) => path.dirname(String(file)),
  'path.basename': (file) => path.basename(String(file)),
  'str.lower': (text) => String(text).toLowerCase(),
  'str.upper': (text) => String(text).toUpperCase(),
  'str.trim': (text) => String(text).trim(),
  'str.replace': (text, from, to) =>
    from === '' ? String(text) : String(text).replaceAll(String(from), () => String(to)),
  'str.startsWith': (text, start) => String(text).startsWith(String(start)),
};

/** How many arguments each function takes; `path.join` takes any number. */
export const arity: Readonly<Record<string, number>> = {
  'path.dirname': 1,
  'path.basename': 1,
  'str.lower': 1,
  'str.upper': 1,
  'str.trim': 1,
  'str.replace': 3,
  'str.startsWith': 2,
};
