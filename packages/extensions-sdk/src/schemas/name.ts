import { Type } from 'typebox';

/** Names of infrastructures and servers (rulings §9). */
export const namePattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
/** Names of workspaces: underscores are accepted too. */
export const workspaceNamePattern = '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$';

export const Name = Type.String({
  pattern: namePattern,
  description: 'Lower-case letters, digits and hyphens, at most 63',
});
export const WorkspaceName = Type.String({ pattern: workspaceNamePattern });
