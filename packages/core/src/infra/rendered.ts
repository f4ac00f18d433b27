import { canonicalJson } from '../files/canonical-json.ts';
import type { Infrastructure } from './infrastructure.ts';

/** The resolved definition without what depends on the place it was read from; equal for all formats (05.A2). */
export function renderedDefinition(infrastructure: Infrastructure): string {
  const { path: _path, workspace: _workspace, warnings: _warnings, ...definition } = infrastructure;
  return `${canonicalJson(definition)}\n`;
}
