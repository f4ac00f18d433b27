import type { EventEnvelope } from '@provisioning/client';

export interface Subscriber {
  /** Only this workflow's events; all when absent. */
  readonly workflow?: string;
  receive(event: EventEnvelope): void;
}

/** In-process publish and subscribe (12 §13). Journalled events are published only when they are durable. */
export class EventBus {
  readonly #all = new Set<Subscriber>();
  readonly #byWorkflow = new Map<string, Set<Subscriber>>();

  /** @returns a function that ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    const { workflow } = subscriber;
    if (workflow === undefined) {
      this.#all.add(subscriber);
      return () => this.#all.delete(subscriber);
    }
    const set = this.#byWorkflow.get(workflow) ?? new Set();
    this.#byWorkflow.set(workflow, set.add(subscriber));
    return () => {
      set.delete(subscriber);
      if (set.size === 0 && this.#byWorkflow.get(workflow) === set) this.#byWorkflow.delete(workflow);
    };
  }

  /** Whether anyone listens: what nobody hears is not made. */
  hears(workflow: string): boolean {
    return this.#all.size > 0 || this.#byWorkflow.has(workflow);
  }

  publish(workflow: string | undefined, event: EventEnvelope): void {
    for (const subscriber of this.#all) subscriber.receive(event);
    if (workflow === undefined) return;
    for (const subscriber of this.#byWorkflow.get(workflow) ?? []) subscriber.receive(event);
  }
}
