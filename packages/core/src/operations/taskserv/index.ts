export { taskservCreate } from './create.ts';
export type { TaskservResult } from './install.ts';
export { taskservDelete, type TaskservRemoval } from './delete.ts';
export { TaskservDeleteInput, TaskservInput, TaskservUpdateInput } from './input.ts';
export { taskservRollback } from './rollback.ts';
export { type TaskservUpdate, taskservUpdate } from './update.ts';
