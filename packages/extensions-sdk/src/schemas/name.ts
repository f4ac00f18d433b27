import { Type } from 'typebox';
import { namePattern, workspaceNamePattern } from './name-pattern.ts';

export { namePattern, workspaceNamePattern } from './name-pattern.ts';

export const Name = Type.String({
  pattern: namePattern,
  description: 'Lower-case letters, digits and hyphens, at most 63',
});
export const WorkspaceName = Type.String({ pattern: workspaceNamePattern });
