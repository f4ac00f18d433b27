import { isDeepStrictEqual } from 'node:util';
import { answer, startService, type TestService } from '@provisioning/extensions-sdk/testing';
import { cassette, type Exchange, meaning, plainPath } from './cassettes.ts';

export interface Replay extends AsyncDisposable {
  readonly url: string;
  /** Exchanges nobody asked for yet. */
  readonly left: readonly Exchange[];
}

/** Plays a recording: each request must be the next one in method, path and the meaning of its body. */
export async function replay(name: string): Promise<Replay> {
  const exchanges = cassette(name);
  const service: TestService = await startService((request, response) => {
    const next = exchanges.shift();
    const path = plainPath(`${request.path.replace(/^\/1\.3/, '')}${query(request.query)}`);
    const fits =
      next !== undefined &&
      next.method === request.method &&
      next.path === path &&
      isDeepStrictEqual(meaning(next.body), meaning(request.body));
    if (fits) return answer(response, next.status, next.answer);
    const expected =
      next === undefined ? 'nothing more' : `${next.method} ${next.path} ${JSON.stringify(next.body)}`;
    const text = `got ${request.method} ${path} ${JSON.stringify(request.body)}, recorded is ${expected}`;
    answer(response, 418, { error: { error_code: 'NOT_RECORDED', error_message: text } });
  });
  return { url: `${service.url}/1.3`, left: exchanges, [Symbol.asyncDispose]: () => service.close() };
}

function query(parameters: URLSearchParams): string {
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
