import type { Issue, SourceLocation } from '@provisioning/extensions-sdk';
import type { Data, Document, KeyPath } from '../config/document.ts';

/** A piece of a definition: its data and the place it was read from. */
export interface Source {
  readonly document: Document;
  readonly path: KeyPath;
  readonly value: Data;
}

/** Location of a key of a source, given from its own root. */
export function locate(source: Source, path: KeyPath): SourceLocation {
  const key = [...source.path, ...path].join('.');
  return { ...source.document.locate([...source.path, ...path]), ...(key === '' ? {} : { key }) };
}

/** A finding at a key of a source, with its code frame. */
export function issueAt(source: Source, path: KeyPath, message: string, code: string, hint?: string): Issue {
  const location = locate(source, path);
  const frame = source.document.frame(location);
  return {
    message,
    code,
    location,
    ...(hint === undefined ? {} : { hint }),
    ...(frame === undefined ? {} : { frame }),
  };
}
