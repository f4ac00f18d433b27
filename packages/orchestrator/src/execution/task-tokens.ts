import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Rights of child processes to tell of their own task, and of nothing else (12 §5). They end with this process. */
export class TaskTokens {
  readonly #secret = randomBytes(32);

  issue(task: string): string {
    return createHmac('sha256', this.#secret).update(task).digest('base64url');
  }

  isFor(task: string, token: string): boolean {
    const [expected, given] = [Buffer.from(this.issue(task)), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}
