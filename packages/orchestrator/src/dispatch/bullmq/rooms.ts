/** Room that the end of an attempt has made at a worker. */
export interface Room {
  /** The worker. */
  readonly holder: string;
  /** The attempt that ended. */
  readonly after: string;
}

/**
 * Where work may go on without the queue: at workers that have just finished something and are not full. Nobody who
 * waits in the queue is passed over, for such a worker would have taken it.
 */
export class Rooms {
  readonly #of = new Map<string, Room[]>();

  add(workflow: string, room: Room): void {
    const rooms = this.#of.get(workflow);
    if (rooms) rooms.push(room);
    else this.#of.set(workflow, [room]);
  }

  /** Room where the same workflow was at work, else any. */
  take(workflow: string): Room | undefined {
    const from = this.#of.has(workflow) ? workflow : this.#of.keys().next().value;
    if (from === undefined) return undefined;
    const rooms = this.#of.get(from)!;
    const room = rooms.pop();
    if (rooms.length === 0) this.#of.delete(from);
    return room;
  }

  /** The workers have gone on. */
  clear(): void {
    this.#of.clear();
  }
}
