import type { TSchema } from 'typebox';
import { operation } from './operation.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, text } from './parts.ts';

/* What commands about costs print with `--out json`. */

const named = list(fields({ name: text, currency: text, monthly: number }));
const unused = list(
  fields({
    kind: oneOf('server', 'volume'),
    name: text,
    provider: text,
    id: text,
    reason: text,
    monthly: orNull(number),
    currency: text,
  }),
);
const recommendations = list(
  fields({
    kind: oneOf('preemptible', 'reserve', 'resize'),
    server: text,
    provider: text,
    advice: text,
    plan: maybe(text),
    saving: orNull(number),
    currency: text,
  }),
);

/** Schema of the JSON each of these commands prints, by command. */
export const costsOutputs: Readonly<Record<string, TSchema>> = {
  'cost alert': fields({
    threshold: orNull(number),
    set_at: orNull(text),
    totals: list(fields({ hourly: number, monthly: number, currency: text })),
    exceeded: flag,
    check_mode: maybe(flag),
  }),
  'cost breakdown': fields({
    components: named,
    servers: named,
    cost_centers: named,
    unpriced: list(text),
  }),
  'cost optimize': either(fields({ applied: flag, unused, recommendations }), operation),
  'cost recommendations': recommendations,
  'cost trends': list(
    fields({
      date: text,
      totals: list(fields({ currency: text, monthly: number })),
      incomplete: flag,
    }),
  ),
  'cost unused': unused,
};
