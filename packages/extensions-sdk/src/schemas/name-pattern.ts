/** Names of infrastructures and servers (rulings §9). */
export const namePattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
/** Names of workspaces: underscores are accepted too. */
export const workspaceNamePattern = '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$';
