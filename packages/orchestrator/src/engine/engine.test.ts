import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scenarios, Simulation, type Scenario } from './simulation.fixture.ts';

type Ending = 'Completed' | 'Failed' | 'Cancelled';

/** What `on_failure: continue` must give, by definition and without a schedule. */
function model({ definition, behaviours }: Scenario): Ending[] {
  const endings: Ending[] = [];
  definition.operations.forEach(({ id }, index) => {
    const dependencies = (definition.dependencies?.[id] ?? []) as { id: string; kind: string }[];
    const unmet = dependencies.some(
      ({ id: target, kind }) => kind === 'hard' && endings[Number(target.slice(2))] !== 'Completed',
    );
    endings.push(unmet ? 'Cancelled' : behaviours[index]!.failures < 3 ? 'Completed' : 'Failed');
  });
  return endings;
}

const runs = { numRuns: 3000 };

test('random graphs, failures and crashes end as the model says', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      fc.pre(scenario.cancelAt === undefined && scenario.definition.on_failure === 'continue');
      const simulation = new Simulation(scenario);
      simulation.run();
      expect(simulation.state.operations.map(({ status }) => status)).toEqual(model(scenario));
    }),
    runs,
  );
});

test('every workflow ends, with nothing running, and its counters are right', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const simulation = new Simulation(scenario);
      simulation.run();
      const { state } = simulation;
      expect(['Completed', 'Failed', 'Cancelled']).toContain(state.status);
      const count = (status: string) =>
        state.operations.filter((operation) => operation.status === status).length;
      expect(count('Running')).toBe(0);
      expect([state.pending, state.active, state.completed, state.failed, state.cancelled]).toEqual([
        count('Pending'),
        0,
        count('Completed'),
        count('Failed'),
        count('Cancelled'),
      ]);
      const fatal = state.operations.some(({ status, plan }) => status === 'Failed' && !plan.continueOnError);
      if (state.status === 'Completed') expect(fatal || state.pending > 0).toBe(false);
      if (state.cancel === undefined && !fatal) expect(state.status).toBe('Completed');
    }),
    runs,
  );
});

test('the journal alone gives the same state as living through it', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const simulation = new Simulation(scenario);
      simulation.run();
      expect(simulation.folded()).toEqual(simulation.state);
    }),
    runs,
  );
});

test('no operation begins before its dependencies have settled as it needs', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const simulation = new Simulation(scenario);
      simulation.run();
      const settled = new Map<number, string>();
      for (const event of simulation.journal) {
        if (event.type === 'OperationStarted') {
          for (const { operation, hard } of simulation.plan.operations[event.op]!.dependencies) {
            const ending = settled.get(operation);
            const skipped =
              ending === undefined && simulation.state.operations[operation]!.status === 'Cancelled';
            expect(hard ? ending === 'OperationCompleted' : ending !== undefined || skipped).toBe(true);
          }
        }
        if (
          event.type === 'OperationCompleted' ||
          event.type === 'OperationFailed' ||
          event.type === 'OperationCancelled'
        ) {
          settled.set(event.op, event.type);
        }
      }
    }),
    runs,
  );
});

test('a rollback undoes dependents before what they depend on, and stops where a compensation failed', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      fc.pre(scenario.definition.on_failure === 'rollback');
      const simulation = new Simulation(scenario);
      simulation.run();
      const { state, journal } = simulation;
      if (!state.rollback) return;
      const done = new Set<number>();
      for (const event of journal) {
        if (event.type === 'CompensationStarted') {
          for (const { operation } of simulation.plan.operations[event.op]!.dependents) {
            const { status, compensation } = state.operations[operation]!;
            if (status === 'Completed' && compensation !== undefined) expect(done.has(operation)).toBe(true);
          }
        }
        if (event.type === 'CompensationCompleted') done.add(event.op);
      }
      const failed = state.operations.some(({ compensation }) => compensation === 'failed');
      expect(state.rollback.success).toBe(!failed);
      expect(state.phase).toBe(failed ? 'rollback_failed' : 'rolled_back');
      for (const { status, compensation } of state.operations) {
        if (status === 'Completed') expect(['done', 'failed', 'untouched']).toContain(compensation);
      }
    }),
    runs,
  );
});
