import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type FakeOrchestrator,
  startFakeOrchestrator,
} from '../../../../../packages/client/src/testing/fake-orchestrator.ts';
import type { CaseResult } from '../../suite.ts';
import { type Scenario, scenarios, type Step } from './scenarios.ts';

interface Answer {
  readonly id: number;
  readonly ok?: unknown;
  readonly error?: Readonly<Record<string, unknown>> & { readonly type: string };
}

/** Milliseconds for one step. */
const patience = 60_000;

/** A client behind its driver program: commands and answers are JSON lines. */
class Driver {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #gone: Promise<Answer>;
  #next = 1;
  #errors = '';

  constructor([command, ...args]: readonly [string, ...string[]], cwd: string) {
    this.#child = spawn(command, args, { cwd });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.#gone = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', () => reject(new Error(`the driver ended: ${this.#errors.slice(-800)}`)));
    });
    this.#gone.catch(() => undefined);
  }

  command(op: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin.write(`${JSON.stringify({ id, op, args })}\n`);
    return Promise.race([answered, this.#gone]);
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await Promise.race([this.#gone.catch(() => undefined), sleep(2000, undefined, { ref: false })]);
    this.#child.kill('SIGKILL');
  }
}

/** Plays all scenarios with a client. @param command its driver */
export async function playAll(
  name: string,
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const scenario of scenarios) {
    const title = `${name}: ${scenario.point} ${scenario.name}`;
    const reason = await play(scenario, command, cwd).catch((error: Error) => error.message);
    results.push(
      reason === undefined ? { name: title, status: 'passed' } : { name: title, status: 'failed', reason },
    );
  }
  return results;
}

async function play(
  { server = {}, steps }: Scenario,
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<string | undefined> {
  await using fake = await startFakeOrchestrator(server);
  const driver = new Driver(command, cwd);
  let begun: Promise<Answer> | undefined;
  try {
    for (const [index, step] of steps.entries()) {
      const at = `step ${index + 1} ${JSON.stringify(step).slice(0, 120)}`;
      if ('begin' in step) {
        begun = driver.command(step.begin, step.args ?? {});
        continue;
      }
      const wrong = await Promise.race([
        take(step, fake, driver, begun),
        sleep(patience, 'took too long', { ref: false }),
      ]);
      if (wrong !== undefined) return `${at}: ${wrong}`;
    }
    return undefined;
  } finally {
    await driver.end();
  }
}

async function take(
  step: Exclude<Step, { readonly begin: string }>,
  fake: FakeOrchestrator,
  driver: Driver,
  begun: Promise<Answer> | undefined,
): Promise<string | undefined> {
  if ('call' in step) {
    const began = performance.now();
    const place = step.call === 'new' ? { base_url: fake.url } : {};
    const answer = await driver.command(step.call, { ...place, ...step.args });
    const took = performance.now() - began;
    if (took < (step.atLeast ?? 0)) return `came after ${Math.round(took)} ms`;
    return compared(step, answer);
  }
  if ('end' in step) return compared(step, await begun!);
  if ('behave' in step) fake.behave(step.behave);
  else if ('task' in step) fake.setTask(step.task as never);
  else if ('send' in step) fake.send(...(step.send as never[]));
  else if ('drop' in step) fake.dropSockets(step.drop);
  else if ('expire' in step) fake.expireTokens();
  else if ('count' in step) {
    const count = fake.count(step.count);
    if (count !== step.is) return `there were ${count}`;
  } else if ('sameKey' in step) {
    const made = fake.requests.filter(({ method, path }) => `${method} ${path}`.includes(step.sameKey));
    const keys = new Set(made.map(({ headers }) => headers['idempotency-key']));
    if (made.length !== step.times || keys.size !== 1 || keys.has(undefined))
      return `${made.length} requests with the keys ${[...keys].join(', ')}`;
  } else if ('connections' in step) {
    while (fake.connections.length < step.connections || fake.sockets === 0) await sleep(5);
    const { query } = fake.connections.at(-1)!;
    for (const name of step.query ?? []) if (!query.get(name)) return `no ${name} in ${String(query)}`;
  } else if ('newToken' in step) {
    const [before, now] = fake.connections.slice(-2).map(({ token }) => token);
    if (before === now) return 'the same token';
  } else {
    while (!fake.frames.some(({ type }) => type === step.frame)) await sleep(5);
  }
  return undefined;
}

function compared(
  step: {
    readonly gives?: unknown;
    readonly fails?: string;
    readonly with_?: object;
    readonly without?: readonly string[];
  },
  answer: Answer,
): string | undefined {
  const told = JSON.stringify(answer.error ?? answer.ok);
  if (step.fails !== undefined) {
    if (answer.error?.type !== step.fails) return `expected ${step.fails}, got ${told}`;
    return holds(answer.error, step.with_ ?? {}) ? undefined : `got ${told}`;
  }
  if (answer.error) return `failed: ${told}`;
  const leaked = (step.without ?? []).find((word) => told.includes(word));
  if (leaked !== undefined) return `the answer holds '${leaked}'`;
  return step.gives === undefined || holds(answer.ok, step.gives) ? undefined : `got ${told}`;
}

/** Whether a value has at least what is wanted. */
function holds(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(wanted) && wanted.length !== (value as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, part]) => holds((value as Record<string, unknown>)[key], part));
}
