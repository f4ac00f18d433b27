import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';

const open = { additionalProperties: true } as const;
/** The envelope with the tokens at the top too, so that `jq -r .token` works (13 §3). */
const Tokens = Type.Object(
  { success: Type.Boolean(), data: Type.Optional(Type.Unknown()), token: Type.Optional(Type.String()) },
  { $id: 'Tokens', ...open },
);
const json = 'application/json; charset=utf-8';

/** What the identity service answers, through this address too. */
export const authRoutes = {
  login: {
    operationId: 'login',
    method: 'POST',
    path: '/auth/login',
    tag: 'auth',
    summary: 'Tokens for a user name and password',
    public: true,
    rateLimit: 'login',
    body: Type.Object({ username: Type.String(), password: Type.String() }, open),
    data: Tokens,
    raw: json,
  },
  refreshToken: {
    operationId: 'refreshToken',
    method: 'POST',
    path: '/auth/refresh',
    tag: 'auth',
    summary: 'New tokens for a refresh token',
    public: true,
    body: Type.Object({ refresh_token: Type.Optional(Type.String()) }, open),
    data: Tokens,
    raw: json,
  },
  logout: {
    operationId: 'logout',
    method: 'POST',
    path: '/auth/logout',
    tag: 'auth',
    summary: 'End a session',
    body: Type.Object({}, open),
    bodyOptional: true,
    data: Tokens,
    raw: json,
  },
} as const satisfies Record<string, RouteSpec>;
