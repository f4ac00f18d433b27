export { shellQuote } from './remote-command.ts';
export { createTransports, type TransportOptions } from './transports.ts';
export { ensureWorkspaceKey, type WorkspaceKey } from './workspace-key.ts';
