export {
  type ContainerRuntime,
  type DetectOptions,
  type RuntimeName,
  type RuntimeSettings,
  type RuntimeState,
  detectRuntime,
  forgetRuntime,
  isRuntimeName,
  listRuntimes,
  runtimeNames,
  runtimeVersion,
} from './detect.ts';
export { type Compose, composeLine, findCompose } from './compose.ts';
export { splitWords } from './words.ts';
