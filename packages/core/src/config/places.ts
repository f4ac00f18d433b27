import type { Issue } from '@provisioning/extensions-sdk';
import type { KeyPath } from './document.ts';

/** A finding at a key of a definition, with file, line and source lines as far as they are known. */
export type IssueAt = (keys: KeyPath, message: string, code: string) => Issue;

/** Where definitions and their servers were written: beside them, because they are plain data that is frozen and printed. */
const finders = new WeakMap<object, IssueAt>();

/** Remembers how findings about a definition, or one of its servers, find their place. Keys count from `definition`. */
export function rememberPlaces(definition: object, find: IssueAt | undefined): void {
  if (find !== undefined) finders.set(definition, find);
}

/** How findings about it find their place; `undefined` where it was not read from files. */
export function placesOf(definition: object): IssueAt | undefined {
  return finders.get(definition);
}
