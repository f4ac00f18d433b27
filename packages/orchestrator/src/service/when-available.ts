import { setTimeout as sleep } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** What drivers and sockets call a server that is not there yet, is starting, or has no place at the moment. */
const passing = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EPIPE', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED'],
  ...['57P01', '57P02', '57P03', '53300'],
]);

/** Milliseconds before the second attempt, and at most between two. */
const firstDelay = 500;
const longestDelay = 15_000;

export interface Waiting {
  /** Told before each pause. */
  readonly say: (message: string) => void;
  readonly delay?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Tries until a server answers: machines that start together do not start in order. What time does not heal, such as a
 * wrong password, is thrown at once.
 */
export async function whenAvailable(
  server: string,
  attempt: () => Promise<void>,
  { say, delay = (milliseconds) => sleep(milliseconds) }: Waiting,
): Promise<void> {
  for (let pause = firstDelay; ; pause = Math.min(pause * 2, longestDelay)) {
    try {
      return await attempt();
    } catch (error) {
      if (!passes(error as Reason)) throw error;
      const { message } = ProvisioningError.from(error);
      say(`waiting for ${server}: ${message}; next attempt in ${pause / 1000} s`);
      await delay(pause);
    }
  }
}

interface Reason {
  readonly code?: string;
  readonly cause?: Reason;
  /** Of several addresses each has an error of its own. */
  readonly errors?: readonly Reason[];
}

function passes({ code, cause, errors = [] }: Reason): boolean {
  if (code !== undefined && passing.has(code)) return true;
  return errors.some(passes) || (cause !== undefined && passes(cause));
}
