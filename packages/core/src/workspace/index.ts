export { type WorkspaceInfo, workspaceInfo } from './info.ts';
export { type InitOptions, type InitResult, initWorkspace } from './init.ts';
export { isWorkspace, listInfrastructures } from './layout.ts';
export {
  type WorkspaceListing,
  activateWorkspace,
  activeWorkspace,
  listWorkspaces,
  registerWorkspace,
  removeWorkspace,
} from './manage.ts';
export { type WorkspaceReference, parseReference } from './reference.ts';
export {
  type NamedContext,
  type RegisteredWorkspace,
  type RegistryData,
  WorkspaceRegistry,
} from './registry.ts';
export { type SelectOptions, type Selection, selectWorkspace } from './select.ts';
export { workspaceTemplates } from './templates/index.ts';
