export {
  defaultNextSteps,
  EventDrivenWorkflowManager,
  type ManagedTask,
  type ManagedWorkflow,
  type ManagerEvents,
  type NextStep,
  type NextSteps,
  type WorkflowConfig,
} from './event-driven.ts';
export {
  PipelineError,
  type PipelineOptions,
  type PipelineRun,
  type PipelineStep,
  type StepOperation,
  WorkflowPipeline,
} from './pipeline.ts';
