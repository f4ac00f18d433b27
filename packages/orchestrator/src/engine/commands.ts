/** What the engine asks for. Commands are wishes: doing one twice is harmless, because only events change the state. */
export type Command =
  /** The operation may run as soon as the scheduler lets it. */
  | { readonly kind: 'run'; readonly op: number }
  /** The operation runs again at `due`. */
  | { readonly kind: 'retry'; readonly op: number; readonly due: number; readonly undo: boolean }
  /** The running attempt should stop. */
  | { readonly kind: 'abort'; readonly op: number }
  | { readonly kind: 'undo'; readonly op: number }
  /** Nothing is left to do; the shell journals the end. */
  | { readonly kind: 'finish'; readonly status: 'Completed' | 'Failed' | 'Cancelled' }
  | { readonly kind: 'start-rollback' }
  | { readonly kind: 'finish-rollback'; readonly success: boolean };

/** Receives what the engine asks for as a consequence of an event. */
export type Emit = (command: Command) => void;
