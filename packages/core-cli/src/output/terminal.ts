import type { Runtime } from '../runtime.ts';

/** What a stream can show. */
export interface Terminal {
  /** A person sits at the other end of standard output. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** The cursor may move: live views redraw instead of adding lines. */
  readonly redraw: boolean;
  readonly columns: number;
}

/**
 * Capabilities of a stream (rulings §9): `NO_COLOR` and `TERM=dumb` take colour away, `FORCE_COLOR` gives it,
 * `PROVISIONING_SCREEN_READER` keeps colour out and the cursor still.
 */
export function describeTerminal(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: Runtime['environment'],
): Terminal {
  const interactive = stream.isTTY === true;
  const dumb = environment['TERM'] === 'dumb' || isOn(environment['PROVISIONING_SCREEN_READER']);
  const forced = environment['FORCE_COLOR'];
  const refused = environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '';
  const colour = refused
    ? false
    : forced !== undefined && forced !== ''
      ? forced !== '0' && forced !== 'false'
      : interactive && !dumb;
  const width = stream.columns ?? Number(environment['COLUMNS'] ?? 0);
  return { interactive, colour, redraw: interactive && !dumb, columns: width > 0 ? width : 80 };
}

/** Whether a switch in the environment is set: anything but empty, `0`, `false`, `no`. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());
}
