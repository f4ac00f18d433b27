/** One taskserv with the version it has and the one it could have (05 §8.5). */
export interface UpdateCandidate {
  readonly name: string;
  readonly current: string;
  readonly latest: string;
  readonly minutes?: number;
  readonly note?: string;
  readonly dependencies?: readonly string[];
  /** Kubernetes, etcd and databases are always a high risk. */
  readonly critical?: boolean;
}

export interface UpdatePlan {
  readonly phases: readonly {
    readonly name: string;
    readonly risk: 'low' | 'medium' | 'high';
    readonly updates: readonly (UpdateCandidate & { readonly needed: boolean })[];
  }[];
  readonly order: readonly string[];
  readonly total_minutes: number;
}

const titles = [
  { name: 'Phase 1: Minor Updates (Low Risk)', risk: 'low' },
  { name: 'Phase 2: Patch Updates (Medium Risk)', risk: 'medium' },
  { name: 'Phase 3: Major Updates (High Risk - Requires Testing)', risk: 'high' },
] as const;

/** Minutes an update of each risk takes about, where nobody says. */
const estimates = { low: 5, medium: 5, high: 15 } as const;

const critical = new Set(['kubernetes', 'etcd', 'postgres', 'mysql', 'mongodb', 'cassandra', 'redis']);

/** Sorts updates into phases by how far they go, and orders them by phase, then dependency. */
export function planUpdates(candidates: readonly UpdateCandidate[]): UpdatePlan {
  const phases = titles.map((title, index) => ({
    ...title,
    updates: candidates
      .filter((candidate) => phaseOf(candidate) === index)
      .map((candidate) => {
        const needed = candidate.current !== candidate.latest;
        return { minutes: needed ? estimates[title.risk] : 0, ...candidate, needed };
      }),
  }));
  const order: string[] = [];
  for (const phase of phases) {
    const due = new Map(phase.updates.filter(({ needed }) => needed).map((update) => [update.name, update]));
    const visit = (update: UpdateCandidate): void => {
      if (order.includes(update.name)) return;
      due.delete(update.name);
      for (const dependency of update.dependencies ?? []) {
        const other = due.get(dependency);
        if (other !== undefined) visit(other);
      }
      order.push(update.name);
    };
    for (const update of [...due.values()]) visit(update);
  }
  const minutes = phases.flatMap(({ updates }) => updates).filter(({ needed }) => needed);
  return { phases, order, total_minutes: minutes.reduce((sum, update) => sum + (update.minutes ?? 0), 0) };
}

function phaseOf({ name, current, latest, critical: marked }: UpdateCandidate): number {
  if (current === latest) return 0;
  if (marked === true || critical.has(name)) return 2;
  const [a = [], b = []] = [current, latest].map((version) => version.replace(/^v/, '').split('.'));
  if (a[0] !== b[0]) return 2;
  return a[1] === b[1] ? 0 : 1;
}
