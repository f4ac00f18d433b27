export { taskservCreate, type TaskservResult } from './create.ts';
export { taskservDelete, type TaskservRemoval } from './delete.ts';
export { TaskservDeleteInput, TaskservInput } from './input.ts';
